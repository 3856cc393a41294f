import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createDatabase } from '../sandbox/postgres/createDatabase.ts'
import { startPostgres } from '../sandbox/postgres/startPostgres.ts'
import { AccessTokens, type UserClaims } from '../src/access/accessTokens.ts'
import { openApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { inTx } from '../src/db/transaction.ts'
import { systemCaller } from '../src/http/actor.ts'
import { addOperator } from '../src/operators/addOperator.ts'
import { prepareDatabase } from '../src/prepare.ts'
import { addCustomers, SIGNING_SECRET } from './events.ts'
import { type Program, type Running, startProgram } from './programs.ts'

const ROWS = 1000

/** Everything that takes part: a PostgreSQL as it comes, the service, and the limits, each a process of its own. */
export interface Stage {
  databaseUrl: string
  postgresVersion: string
  /** Signs tokens as the service does, so that there are as many new ones as are asked for. */
  mint: (claims: UserClaims) => Promise<string>
  /** A token of an operator who may everything. */
  mintOperator: () => Promise<string>
  /** The service in production settings, where `env` says nothing else. */
  serviceProgram: (env?: NodeJS.ProcessEnv) => Program
  limitProgram: (name: string) => Program
  /** Started when first asked for, and kept until the end. */
  service: () => Promise<Running>
  limit: (name: string) => Promise<Running>
}

/** Prepares a stage in a database of its own; what is started goes onto `started`. */
export async function openStage(started: AsyncDisposableStack): Promise<Stage> {
  const databaseUrl = await startDatabase(started)
  const serviceEnv = {
    DATABASE_URL: databaseUrl,
    PUBLIC_URL: 'https://frontgate.example',
    SECRET: 'a-secret-that-only-the-bench-knows-0123456789',
    HOST: '127.0.0.1',
    SELF_SERVE_ENABLED: 'true',
    REGISTRATIONS_PER_HOUR: '0',
    LOG_LEVEL: 'info',
    STRIPE_WEBHOOK_SECRET: SIGNING_SECRET,
    CATALOGUE_FILE: fileURLToPath(new URL('../catalogue.json', import.meta.url)),
  }
  const app = openApp(readConfig(serviceEnv))
  started.defer(() => app.close())
  await prepareDatabase(app)
  const postgresVersion = await addRows(databaseUrl)
  await addCustomers(databaseUrl)
  const tokens = new AccessTokens(app)
  const [key] = await tokens.publicKeys(app.now())
  const limitEnv = { DATABASE_URL: databaseUrl, PUBLIC_JWK: JSON.stringify(key) }
  const serviceProgram: Stage['serviceProgram'] = (env = {}) => ({
    args: () => ['src/main.ts', 'serve', '--no-work'],
    env: { ...serviceEnv, ...env },
    readyPath: '/readyz',
  })
  const limitProgram: Stage['limitProgram'] = (name) => ({
    args: (port) => ['bench/limits.ts', name, String(port)],
    env: limitEnv,
    readyPath: '/ready',
  })
  const keep = keptBy(started)
  return {
    databaseUrl,
    postgresVersion,
    mint: (claims) => tokens.issue(claims, app.now()),
    async mintOperator() {
      const at = app.now()
      const { id } = await inTx(app, (tx) => addOperator(tx, systemCaller, 'operator@frontgate.example', at))
      return tokens.issueToOperator(id, at)
    },
    serviceProgram,
    limitProgram,
    service: () => keep('service', serviceProgram()),
    limit: (name) => keep(`limit ${name}`, limitProgram(name)),
  }
}

function keptBy(started: AsyncDisposableStack) {
  const kept = new Map<string, Promise<Running>>()
  return (key: string, program: Program): Promise<Running> => {
    const known = kept.get(key)
    if (known) return known
    const running = startProgram(program)
    kept.set(key, running)
    started.defer(async () => (await running).stop())
    return running
  }
}

async function startDatabase(started: AsyncDisposableStack): Promise<string> {
  const folder = process.env.FRONTGATE_BENCH ?? fileURLToPath(new URL('../.frontgate/bench', import.meta.url))
  const postgres = await startPostgres({
    folder,
    preferredPort: 54_331,
    settings: { max_connections: '200' },
    say: (line) => process.stderr.write(`${line}\n`),
  })
  started.defer(() => postgres.stop())
  const beside = Object.assign(new URL(postgres.url), { pathname: '/postgres' }).href
  await query(beside, 'drop database if exists bench with (force)')
  const url = Object.assign(new URL(postgres.url), { pathname: '/bench' }).href
  await createDatabase(url)
  return url
}

/** What the limits read and write. */
async function addRows(url: string): Promise<string> {
  await query(
    url,
    `create table bench_rows (id int primary key, count int not null, changed_at timestamptz, word text)`,
  )
  await query(
    url,
    `insert into bench_rows select n, 0, now(), 'word ' || n from generate_series(0, ${ROWS - 1}) n`,
  )
  await query(
    url,
    'create table bench_events (id text primary key, type text not null, payload json not null)',
  )
  const [row] = await query(url, 'show server_version')
  return String(row?.server_version)
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
