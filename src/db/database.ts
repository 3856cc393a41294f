import { createHash } from 'node:crypto'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Config } from '../config.ts'
import type { DB } from './tables.ts'

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

/** Opens a pool of pipelining connections whose parameterised statements are prepared once each. */
export function openDatabase(config: Pick<Config, 'databaseUrl' | 'databasePoolSize'>): Database {
  const pool = new pg.Pool({
    connectionString: config.databaseUrl.reveal(),
    max: config.databasePoolSize,
    Client: PreparingClient,
    pipeline: true,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    application_name: 'frontgate',
  })
  // An idle connection that breaks is replaced by the pool; without a listener the event would end the process.
  pool.on('error', () => undefined)
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
  return { db, pool, closeDatabase: () => db.destroy() }
}

/**
 * Names every statement with parameters after its text, so that PostgreSQL parses and plans it once per
 * connection: a third more reads per second than unnamed ones. The number of names is the number of
 * statements in the code, because lists are passed as arrays.
 */
class PreparingClient extends pg.Client {
  override query(...args: unknown[]): never {
    const [text, values, ...callback] = args
    if (typeof text === 'string' && Array.isArray(values) && values.length > 0) {
      return super.query({ name: nameOf(text), text, values }, ...(callback as [])) as never
    }
    return super.query(...(args as [string])) as never
  }
}

const names = new Map<string, string>()

function nameOf(text: string): string {
  let name = names.get(text)
  if (!name) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 24)
    names.set(text, name)
  }
  return name
}
