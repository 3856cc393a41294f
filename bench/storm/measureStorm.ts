import { AccessTokens } from '../../src/access/accessTokens.ts'
import { type App, openApp } from '../../src/app.ts'
import { bringPrices } from '../../src/billing/prices/applyPrices.ts'
import { knownPrices } from '../../src/billing/prices/prices.ts'
import { readConfig } from '../../src/config.ts'
import { prepareDatabase } from '../../src/prepare.ts'
import { FORWARD_AUTH, READERS } from '../contests.ts'
import { eventRequest } from '../events.ts'
import { type Finding, median } from '../findings.ts'
import type { Measured } from '../load.ts'
import { QUICK_HASHES, registerPeople } from '../people.ts'
import { type Running, startProgram } from '../programs.ts'
import type { Rounds } from '../rounds.ts'
import type { Stage } from '../stage.ts'
import { reads, sameTokens, type Turn } from '../turns.ts'

const KEY = 'sk_test_bench'
const EVENTS_EACH = 10
const READS_PER_SECOND = 25
const PATIENCE_MS = 400_000
const READ_SECONDS = 2

/**
 * Renews all accounts within moments and delivers every event at once to one process that answers requests and does jobs,
 * while guards go on reading there. Stripe is a process of its own, on the wire.
 */
export async function measureStorm(
  stage: Stage,
  { accounts, say }: Rounds & { accounts: number },
): Promise<Finding[]> {
  await using started = new AsyncDisposableStack()
  say('storm: preparing')
  const stripe = await startProgram({
    args: (port) => ['bench/storm/stripe.ts', String(port)],
    env: { STRIPE_KEY: KEY },
    readyPath: '/ready',
  })
  started.defer(() => stripe.stop())
  const databaseUrl = await stage.cluster.fresh('bench_storm')
  const env = {
    DATABASE_URL: databaseUrl,
    // Where people are served, only Stripe itself may be asked.
    PUBLIC_URL: 'http://localhost:4000',
    ...QUICK_HASHES,
    STRIPE_SECRET_KEY: KEY,
    STRIPE_API_URL: `http://127.0.0.1:${stripe.port}`,
    STRIPE_READS_PER_SECOND: String(READS_PER_SECOND),
  }
  const program = stage.serviceProgram(env)
  const app = openApp(readConfig({ ...program.env, LOG_LEVEL: 'silent' }))
  started.defer(() => app.close())
  await prepareDatabase(app)
  await bringPrices(app)
  const customers = await addPayers(app, stripe, accounts)
  const service = await startProgram({ ...program, args: () => ['dist/main.js', 'serve'] })
  started.defer(() => service.stop())
  const read = await guardReads(app, service)
  say('storm: reads alone')
  await read(READ_SECONDS)
  const alone = await read(READ_SECONDS)
  // Awaited here, where everything is still running.
  return await weather({ app, stripe, service, customers, read, alone, say })
}

interface Weather {
  app: App
  stripe: Running
  service: Running
  customers: string[]
  read: Turn
  alone: Measured
  say: Rounds['say']
}

async function weather({ app, stripe, service, customers, read, alone, say }: Weather): Promise<Finding[]> {
  const events = customers.length * EVENTS_EACH
  const looksBefore = (await ask<number[]>(stripe, 'GET', '/looks')).length
  await ask(stripe, 'POST', '/renew', {})
  const began = performance.now()
  const meanwhile: Measured[] = []
  async function untilProjected(): Promise<number> {
    for (let handled = 0; handled < events; handled = await countHandled(app)) {
      say(`storm: ${handled} of ${events} events are projected`)
      if (performance.now() - began > PATIENCE_MS)
        throw new Error(`Only ${handled} of ${events} were projected`)
      meanwhile.push(await read(READ_SECONDS))
    }
    return performance.now() - began
  }
  const [took] = await Promise.all([untilProjected(), deliver(service, customers)])
  await refuseWrong(app, customers.length)
  const looks = (await ask<number[]>(stripe, 'GET', '/looks')).slice(looksBefore)
  const lags = await readLags(app)
  const path = `renewal storm, ${events.toLocaleString('en')} events of ${customers.length.toLocaleString('en')} accounts`
  const fastest = READS_PER_SECOND * EVENTS_EACH
  const perSecond = events / (took / 1000)
  const p50 = median(meanwhile.map(({ p50 }) => p50))
  return [
    {
      name: 'storm',
      path: `${path}, projected`,
      unit: 'events/s',
      ours: perSecond,
      limit: { path: `one look at each, ${READS_PER_SECOND} a second`, measured: fastest },
      value: perSecond / fastest,
      // Two looks: at the first event of a customer, and after the last.
      bound: { atLeast: 0.45 },
    },
    told(`${path}, from an event to its projection, median`, 'ms', lags.median),
    told(`${path}, from an event to its projection, longest`, 'ms', lags.longest),
    {
      ...told(
        `${path}, most reads at Stripe in ten seconds, per second`,
        'reads/s',
        mostPerSecond(looks, 10),
      ),
      bound: { atMost: READS_PER_SECOND + 1 },
    },
    {
      name: 'storm',
      path: `GET ${FORWARD_AUTH}, p50 in that storm`,
      unit: 'ms',
      ours: p50,
      limit: { path: 'its p50 before it', measured: alone.p50 },
      value: p50 / alone.p50,
      bound: { atMost: 2.5 },
    },
  ]
}

function told(path: string, unit: Finding['unit'], value: number): Finding {
  return { name: 'storm', path, unit, ours: value, limit: null, value, bound: null }
}

/** Accounts that are customers at Stripe and pay, as a checkout leaves them. */
async function addPayers(app: App, stripe: Running, accounts: number): Promise<string[]> {
  const [price] = await knownPrices(app.db)
  const customers = await ask<string[]>(stripe, 'POST', '/customers', {
    customers: accounts,
    price: price?.priceId ?? '',
  })
  await app.pool.query(
    `with given as (select gen_random_uuid() as account_id, customer from unnest($1::text[]) customer),
      a as (insert into accounts (id, name, created_at) select account_id, 'bench', $2::timestamptz from given)
     insert into stripe_customers (id, account_id, stripe_customer_id, asked, created_at)
     select gen_random_uuid(), account_id, customer, '{}', $2 from given`,
    [customers, app.now()],
  )
  return customers
}

async function guardReads(app: App, service: Running): Promise<Turn> {
  const tokens = new AccessTokens(app)
  const people = await registerPeople(service, READERS)
  const mint: Stage['mint'] = (claims) => tokens.issue(claims, app.now())
  return reads(service, FORWARD_AUTH, sameTokens({ mint }, people), READERS)
}

/** Every customer's events, in no order, over as many connections as Stripe might use. */
async function deliver(service: Running, customers: string[]): Promise<void> {
  const all = customers
    .flatMap((customer) => Array.from({ length: EVENTS_EACH }, () => customer))
    .map((customer) => ({ customer, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
  let sent = 0
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let next = all[sent++]; next; next = all[sent++]) await post(service, next.customer)
    }),
  )
}

async function post({ port }: Running, customer: string): Promise<void> {
  const [head = '', body = ''] = eventRequest('/', { customer, subscription: 'sub_bench' }).split('\r\n\r\n')
  const signature = /stripe-signature: (.*)/.exec(head)?.[1] ?? ''
  const reply = await fetch(`http://127.0.0.1:${port}/v1/webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
    body,
  })
  if (!reply.ok) throw new Error(`The webhook answered ${reply.status}: ${await reply.text()}`)
}

async function countHandled({ pool }: App): Promise<number> {
  const { rows } = await pool.query<{ handled: number }>(
    `select count(*)::int as handled from stripe_events where status = 'handled'`,
  )
  return rows[0]?.handled ?? 0
}

/** What Stripe holds is mirrored of everyone: a fast storm that lost somebody counts for nothing. */
async function refuseWrong({ pool }: App, accounts: number): Promise<void> {
  const { rows } = await pool.query<{ right: number }>(
    'select count(*)::int as right from subscriptions where cancel_at_period_end and is_shown',
  )
  if (rows[0]?.right !== accounts) throw new Error(`Only ${rows[0]?.right} of ${accounts} accounts are right`)
}

async function readLags({ pool }: App): Promise<{ median: number; longest: number }> {
  const { rows } = await pool.query<{ median: number; longest: number }>(
    `select 1000 * percentile_cont(0.5) within group (order by lag)::float8 as median, 1000 * max(lag)::float8 as longest
     from stripe_events, lateral (select extract(epoch from handled_at - received_at) as lag) l`,
  )
  return rows[0] ?? { median: Number.NaN, longest: Number.NaN }
}

/** The most of these instants that lie within so many seconds, per second. */
function mostPerSecond(instants: number[], seconds: number): number {
  const sorted = instants.toSorted((a, b) => a - b)
  let most = 0
  let first = 0
  for (const [last, at] of sorted.entries()) {
    while (at - (sorted[first] ?? at) >= seconds * 1000) first++
    most = Math.max(most, last - first + 1)
  }
  return most / seconds
}

async function ask<Answer>({ port }: Running, method: string, path: string, body?: object): Promise<Answer> {
  const reply = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  if (!reply.ok) throw new Error(`${method} ${path} answered ${reply.status}: ${await reply.text()}`)
  return (await reply.json()) as Answer
}
