import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Config } from '../config.ts'
import { PreparingClient } from './preparingClient.ts'
import type { DB } from './tables.ts'
import { Unavailable } from './unavailable.ts'

/** Reads. A Tx is a Db too, so a reader runs inside a transaction as well as outside. */
export type Db = Kysely<DB>

export interface Database {
  db: Db
  pool: pg.Pool
  closeDatabase: () => Promise<void>
}

const COUNT_OID = 20
// bigint columns are counts and money in minor units: all far below 2^53.
pg.types.setTypeParser(COUNT_OID, Number)

const ANSWER_WITHIN_MS = 30_000

/**
 * Opens a pool of pipelining connections whose parameterised statements are prepared once each. A connection
 * on which a statement is not answered in time is given up, as when the network swallows everything; 0 waits
 * for ever.
 */
export function openDatabase(
  config: Pick<Config, 'databaseUrl' | 'databasePoolSize'>,
  { answerWithinMs = ANSWER_WITHIN_MS } = {},
): Database {
  const pool = new pg.Pool({
    connectionString: config.databaseUrl.reveal(),
    max: config.databasePoolSize,
    Client: PreparingClient,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    query_timeout: answerWithinMs,
    idleTimeoutMillis: 60_000,
    application_name: 'frontgate',
  })
  // A connection that breaks is replaced by the pool, and whoever used it is told by the statement; without
  // listeners the event would end the process, for idle connections as for those in use.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const connect = () =>
    pool.connect().catch((cause: unknown) => {
      throw new Unavailable('The database', cause)
    })
  const db = new Kysely<DB>({
    dialect: new PostgresDialect({ pool: { connect, end: () => pool.end(), options: pool.options } }),
  })
  return { db, pool, closeDatabase: () => db.destroy() }
}
