import { createHmac, randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { openApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { buildServer } from '../src/server.ts'
import { SIGNING_SECRET } from './events.ts'
import { openStage } from './stage.ts'

const help = `Usage: npm run bench:sizes -- [how many people]

Measures what people, refreshes, counted usage and events take on disk and in the log of PostgreSQL, per piece, with its default
durability. docs/guides/sizing.md is written from it.`

const PASSWORD = 'correct horse battery staple'
/** Hashes are as long whatever they cost to make. */
const QUICK_HASHES = { ARGON2_MEMORY_KIB: '1024', ARGON2_PASSES: '1', LOG_LEVEL: 'silent' }
const AT_ONCE = 4
/** About what an event of a subscription weighs at Stripe. */
const EVENT_FILLING = 'x'.repeat(2_500)

await main(process.argv[2])

async function main(given = '600'): Promise<void> {
  const people = Number(given)
  if (!(people > 0)) return console.log(help)
  await using started = new AsyncDisposableStack()
  const stage = await openStage(started)
  const client = new pg.Client({ connectionString: stage.databaseUrl })
  await client.connect()
  started.defer(() => client.end())
  const app = openApp(readConfig(stage.serviceProgram(QUICK_HASHES).env))
  started.defer(() => app.close())
  const { server } = await buildServer(app)
  const service = server.fastify
  await service.ready()
  const version = await client.query('show server_version')
  console.log(`PostgreSQL ${version.rows[0].server_version}, ${people} of each`)

  // The first ones pay for pages that the log has not seen since the last checkpoint.
  await client.query('checkpoint')
  await register(service, 100)
  const tokens: Tokens[] = []
  const measure = async (name: string, count: number, work: () => Promise<unknown>) => {
    const before = await readSizes(client)
    await work()
    const after = await readSizes(client)
    const wal = Math.round((after.wal - before.wal) / count)
    const disk = Math.round((after.disk - before.disk) / count)
    console.log(`${name}: ${wal} bytes of WAL, ${disk} bytes on disk`)
    return { before, after }
  }
  const grown = await measure('sign-up', people, async () =>
    tokens.push(...(await register(service, people))),
  )
  for (const [table, bytes] of Object.entries(grown.after.tables)) {
    const each = (bytes - (grown.before.tables[table] ?? 0)) / people
    if (each >= 20) console.log(`  ${table}: ${Math.round(each)} bytes of a sign-up`)
  }
  await measure('refresh', people, () =>
    each(tokens, ({ refresh_token }) => post(service, '/v1/auth/refresh', { refresh_token })),
  )
  await measure('sign-in', people, () =>
    each(tokens, ({ email }) =>
      post(service, '/v1/auth/login', { email, password: PASSWORD, token_delivery: 'body' }),
    ),
  )
  await measure('consume', people, () =>
    each(tokens, ({ access_token }) =>
      post(
        service,
        '/v1/usage/consume',
        { limit: 'kb_conversions', amount: 1, idempotency_key: randomUUID() },
        access_token,
      ),
    ),
  )
  await measure('event of Stripe', people, () => each(tokens, () => sendEvent(service)))
  const { rows } = await client.query<{ table: string; each: number; rows: number }>(
    `select relname as table, (pg_total_relation_size(relid) / greatest(n_live_tup, 1))::int as each, n_live_tup::int as rows
     from pg_stat_user_tables where schemaname = 'public' and n_live_tup >= $1 order by 2 desc`,
    [people],
  )
  for (const { table, each: bytes, rows: count } of rows)
    console.log(`row of ${table}, with its indexes: ${bytes} bytes (${count} rows)`)
}

interface Tokens {
  email: string
  access_token: string
  refresh_token: string
}

async function register(service: FastifyInstance, count: number): Promise<Tokens[]> {
  const emails = Array.from({ length: count }, () => `ada.${randomUUID()}@customer.example`)
  const registered: Tokens[] = []
  await each(emails, async (email) => {
    const body = {
      email,
      password: PASSWORD,
      name: 'Ada Lovelace',
      account_name: 'Engines',
      token_delivery: 'body',
    }
    registered.push({ email, ...((await post(service, '/v1/auth/register', body)) as Omit<Tokens, 'email'>) })
  })
  return registered
}

/** Does it for all of them, a few at a time. */
async function each<T>(items: T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) await work(item)
    }),
  )
}

async function post(service: FastifyInstance, url: string, body: object, as?: string): Promise<unknown> {
  const headers = { ...(as !== undefined && { authorization: `Bearer ${as}` }) }
  const reply = await service.inject({ method: 'POST', url, headers, payload: body })
  if (reply.statusCode >= 300) throw new Error(`${url} answered ${reply.statusCode}: ${reply.body}`)
  return reply.body ? reply.json() : null
}

async function sendEvent(service: FastifyInstance): Promise<void> {
  const created = Math.floor(Date.now() / 1000)
  const object = { id: 'sub_x', object: 'subscription', customer: 'cus_bench_1', filling: EVENT_FILLING }
  const id = `evt_${randomUUID()}`
  const type = 'customer.subscription.updated'
  const payload = JSON.stringify({ id, object: 'event', type, created, livemode: false, data: { object } })
  const v1 = createHmac('sha256', SIGNING_SECRET).update(`${created}.${payload}`).digest('hex')
  const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${created},v1=${v1}` }
  const reply = await service.inject({ method: 'POST', url: '/v1/webhooks/stripe', headers, payload })
  if (reply.statusCode !== 200) throw new Error(`The event was answered ${reply.statusCode}: ${reply.body}`)
}

interface Sizes {
  wal: number
  disk: number
  tables: Record<string, number>
}

async function readSizes(client: pg.Client): Promise<Sizes> {
  await client.query('vacuum analyze')
  // What other sessions have done is told to the statistics after a while, or when they are asked to.
  const { rows: tables } = await client.query<{ name: string; bytes: string }>(
    `select relname as name, pg_total_relation_size(relid) as bytes from pg_stat_user_tables where schemaname = 'public'`,
  )
  const { rows } = await client.query<{ wal: string }>(
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as wal`,
  )
  const sizes = Object.fromEntries(tables.map(({ name, bytes }) => [name, Number(bytes)]))
  const disk = Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0)
  return { wal: Number(rows[0]?.wal), disk, tables: sizes }
}
