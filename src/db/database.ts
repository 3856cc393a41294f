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
 * Opens a pool of pipelining connections whose parameterised statements are prepared once each, if so wanted. A connection
 * on which a statement is not answered in time is given up, as when the network swallows everything; 0 waits
 * for ever. `onWait` is told how long each connection was waited for.
 */
export function openDatabase(
  config: Pick<Config, 'databaseUrl' | 'databasePoolSize' | 'databasePreparedStatements'>,
  { answerWithinMs = ANSWER_WITHIN_MS, onWait = (_seconds: number) => {} } = {},
): Database {
  const options: pg.PoolConfig & { prepares: boolean } = {
    connectionString: config.databaseUrl.reveal(),
    max: config.databasePoolSize,
    Client: PreparingClient,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    query_timeout: answerWithinMs,
    idleTimeoutMillis: 60_000,
    application_name: 'frontgate',
    prepares: config.databasePreparedStatements,
  }
  const pool = new pg.Pool(options)
  // A connection that breaks while it is idle is replaced by the pool; without a listener the event would end the process.
  pool.on('error', () => undefined)
  async function connect(): Promise<pg.PoolClient> {
    const began = performance.now()
    try {
      return await pool.connect()
    } catch (cause) {
      throw new Unavailable('The database', cause)
    } finally {
      onWait((performance.now() - began) / 1000)
    }
  }
  const db = new Kysely<DB>({
    dialect: new PostgresDialect({ pool: { connect, end: () => pool.end(), options: pool.options } }),
  })
  return { db, pool, closeDatabase: () => db.destroy() }
}
