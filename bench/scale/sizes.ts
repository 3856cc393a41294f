import { createHash } from 'node:crypto'
import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { hash } from '@node-rs/argon2'
import pg from 'pg'
import { AccessTokens } from '../../src/access/accessTokens.ts'
import { type App, openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { makeRefreshToken } from '../../src/identity/refreshTokens.ts'
import { prepareDatabase } from '../../src/prepare.ts'
import { query } from '../database.ts'
import { PASSWORD, type Person, QUICK_HASHES } from '../people.ts'
import { type Running, startProgram } from '../programs.ts'
import type { Stage } from '../stage.ts'
import { databaseCpuMs } from './databaseCpu.ts'
import { fillStatements, samplePeople } from './fill.ts'

const QUICK_HASH = { algorithm: 2, memoryCost: 1024, timeCost: 1, parallelism: 1 }
const SAMPLE = 4_000

/** A database with so many users, a service on it, and some of the users. */
export interface Size {
  users: number
  databaseUrl: string
  /** Its processor time is that of the service and of PostgreSQL for it. */
  service: Running
  app: App
  mint: Stage['mint']
  people: ScaledPerson[]
  /** As they stand now. */
  refreshTokens: () => Promise<string[]>
}

export type ScaledPerson = Pick<Person, 'email' | 'claims'> & { n: number; sessionId: string }

/** Opens a size; its database is filled where no earlier run of this version has left it. */
export async function openSize(
  stage: Stage,
  users: number,
  started: AsyncDisposableStack,
  say: (doing: string) => void,
): Promise<Size> {
  const name = `bench_scale_${users}`
  const database = await stage.cluster.kept(name, await markOf())
  const env = { DATABASE_URL: database.url, ...QUICK_HASHES }
  const app = openApp(readConfig({ ...stage.serviceProgram(env).env, LOG_LEVEL: 'silent' }))
  started.defer(() => app.close())
  await prepareDatabase(app)
  if (!database.isKept) {
    await fill(database.superuserUrl, users, (what) =>
      say(`filling ${users.toLocaleString('en')} users: ${what}`),
    )
    await database.keep()
  }
  // What earlier runs have promised and nobody has done.
  await query(database.url, 'select graphile_worker.complete_jobs(array_agg(id)) from graphile_worker.jobs')
  const service = await startProgram(stage.serviceProgram(env))
  started.defer(() => service.stop())
  const rows = await query(database.url, samplePeople, [Math.min(SAMPLE, users)])
  const people = rows.map(personFrom)
  await prepareSample(database.url, people)
  const tokens = new AccessTokens(app)
  return {
    users,
    databaseUrl: database.url,
    service: { ...service, cpuMs: () => service.cpuMs() + databaseCpuMs(name) },
    app,
    mint: (claims) => tokens.issue(claims, app.now()),
    people,
    async refreshTokens() {
      const generations = await query(
        database.url,
        'select id, generation from sessions where id = any($1)',
        [people.map(({ sessionId }) => sessionId)],
      )
      return generations.map(({ id, generation }) =>
        makeRefreshToken(app.config.secrets, { sessionId: String(id), generation: Number(generation) }),
      )
    },
  }
}

/** Changes with whatever a filled database depends on. */
async function markOf(): Promise<string> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const files: string[] = ['bench/scale/fill.ts']
  for await (const file of glob('migrations/*.sql', { cwd: root })) files.push(file)
  const mark = createHash('sha256')
  for (const file of files.sort()) mark.update(await readFile(`${root}/${file}`))
  return mark.digest('hex')
}

async function fill(url: string, users: number, say: (what: string) => void): Promise<void> {
  const passwordHash = await hash(PASSWORD, QUICK_HASH)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`set synchronous_commit = off; set maintenance_work_mem = '256MB'`)
    // Indexes are made faster when there is something to index than row by row.
    const { rows: indexes } = await client.query<{ name: string; sql: string }>(
      `select indexname as name, indexdef as sql from pg_indexes
       where schemaname = 'public' and indexdef not like 'CREATE UNIQUE%'`,
    )
    for (const { name } of indexes) await client.query(`drop index ${name}`)
    for (const { what, sql } of fillStatements(users, passwordHash)) {
      say(what)
      await client.query(sql)
    }
    for (const { name, sql } of indexes) {
      say(`the index ${name}`)
      await client.query(sql)
    }
    say('vacuum')
    await client.query('vacuum (analyze)')
  } finally {
    await client.end()
  }
}

/** Lets the sample use as much as it likes. */
async function prepareSample(url: string, people: ScaledPerson[]): Promise<void> {
  await query(
    url,
    `insert into account_limits (account_id, name, amount, reason, set_by, set_at)
     select unnest($1::uuid[]), 'kb_conversions', null, 'bench', 'bench', now() on conflict do nothing`,
    [people.map(({ claims }) => claims.account_id)],
  )
}

function personFrom(row: Record<string, unknown>): ScaledPerson {
  const { n, email, user_id, account_id, session_id } = row
  return {
    n: Number(n),
    email: String(email),
    sessionId: String(session_id),
    claims: {
      sub: String(user_id),
      sid: String(session_id),
      account_id: String(account_id),
      role: 'owner',
      email_verified: true,
      verification_grace_ends_at: null,
      ent: null,
    },
  }
}
