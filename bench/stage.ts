import { fileURLToPath } from 'node:url'
import { AccessTokens, type UserClaims } from '../src/access/accessTokens.ts'
import { openApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { inTx } from '../src/db/transaction.ts'
import { systemCaller } from '../src/http/actor.ts'
import { addOperator } from '../src/operators/addOperator.ts'
import { prepareDatabase } from '../src/prepare.ts'
import { type Cluster, openCluster, query } from './database.ts'
import { addCustomers, SIGNING_SECRET } from './events.ts'
import { addPeerSubscriptions, installPeer } from './peer.ts'
import { type Program, type Running, startProgram } from './programs.ts'

const ROWS = 1000

/** Everything that takes part: a PostgreSQL, the service, and the limits, each a process of its own. */
export interface Stage {
  databaseUrl: string
  cluster: Cluster
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
  peer: Peer
  /** Stops what was started so far: what is measured next has the machine to itself. */
  rest: () => Promise<void>
}

/** What we compare with: on the same PostgreSQL, in a database of its own. Installed when first asked for. */
export interface Peer {
  databaseUrl: () => Promise<string>
  program: () => Promise<Program>
  /** Started when first asked for, and kept until the end; `cached` keeps sessions in cookies. */
  running: (which?: 'cached') => Promise<Running>
}

/** Prepares a stage in a database of its own; what is started goes onto `started`. */
export async function openStage(started: AsyncDisposableStack): Promise<Stage> {
  const cluster = await openCluster(started)
  const databaseUrl = await cluster.fresh('bench')
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
  await addRows(databaseUrl)
  await addCustomers(databaseUrl)
  const tokens = new AccessTokens(app)
  const [key] = await tokens.publicKeys(app.now())
  const limitEnv = { DATABASE_URL: databaseUrl, PUBLIC_JWK: JSON.stringify(key) }
  const serviceProgram: Stage['serviceProgram'] = (env = {}) => ({
    args: () => ['dist/main.js', 'serve', '--no-work'],
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
    cluster,
    mint: (claims) => tokens.issue(claims, app.now()),
    async mintOperator() {
      const at = app.now()
      const { id } = await inTx(app, (tx) =>
        addOperator(tx, systemCaller, { email: 'operator@frontgate.example' }, at),
      )
      return tokens.issueToOperator(id, at)
    },
    serviceProgram,
    limitProgram,
    service: () => keep('service', serviceProgram()),
    limit: (name) => keep(`limit ${name}`, limitProgram(name)),
    peer: peerOn(cluster, keep),
    rest: () => keep.rest(),
  }
}

function peerOn(cluster: Cluster, keep: Keep): Peer {
  let prepared: ReturnType<typeof prepare> | undefined
  async function prepare() {
    const databaseUrl = await cluster.fresh('bench_peer')
    const programOf = await installPeer(databaseUrl)
    // The first start makes its tables.
    await (await startProgram(programOf())).stop()
    await addPeerSubscriptions(databaseUrl)
    return { databaseUrl, programOf }
  }
  const ready = () => {
    prepared ??= prepare()
    return prepared
  }
  return {
    databaseUrl: async () => (await ready()).databaseUrl,
    program: async () => (await ready()).programOf(),
    async running(which) {
      const { programOf } = await ready()
      return keep(`peer ${which}`, programOf({ COOKIE_CACHE: String(which === 'cached') }))
    },
  }
}

type Keep = ReturnType<typeof keptBy>

function keptBy(started: AsyncDisposableStack) {
  const kept = new Map<string, Promise<Running>>()
  const keep = (key: string, program: Program): Promise<Running> => {
    const known = kept.get(key)
    if (known) return known
    const running = startProgram(program)
    kept.set(key, running)
    return running
  }
  async function rest(): Promise<void> {
    const all = [...kept.values()]
    kept.clear()
    // What did not start has been told where it was asked for.
    await Promise.allSettled(all.map(async (running) => (await running).stop()))
  }
  started.defer(rest)
  return Object.assign(keep, { rest })
}

/** What the limits read and write. */
async function addRows(url: string): Promise<void> {
  for (const statement of [
    'create table bench_rows (id int primary key, count int not null, changed_at timestamptz, word text)',
    `insert into bench_rows select n, 0, now(), 'word ' || n from generate_series(0, ${ROWS - 1}) n`,
    'create table bench_events (id text primary key, type text not null, payload json not null)',
  ]) {
    await query(url, statement)
  }
}
