import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'

/** What a statement runs on, inside a transaction or outside of one. */
export type Queryable = Pick<pg.Pool, 'query'>
/** A connection inside a transaction. */
export type Tx = pg.PoolClient

const folder = new URL('../migrations/', import.meta.url)
/** Any number that nothing else locks. */
const MIGRATION_LOCK = 4_200_001

/** Connections to the product's own database. */
export function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 10 })
  // One that idles and breaks is replaced when it is next needed.
  pool.on('error', () => {})
  return pool
}

/** Runs `work` in one transaction: what it throws undoes everything. */
export async function inTx<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = await pool.connect()
  try {
    await tx.query('begin')
    const done = await work(tx)
    await tx.query('commit')
    tx.release()
    return done
  } catch (error) {
    const broken = await tx.query('rollback').then(
      () => false,
      () => true,
    )
    tx.release(broken)
    throw error
  }
}

/** Brings the database to this version, each file once and in order. Processes that start together wait for each other. */
export async function migrate(pool: pg.Pool): Promise<void> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  await inTx(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    await tx.query(
      'create table if not exists migrations (name text primary key, at timestamptz not null default now())',
    )
    const { rows } = await tx.query<{ name: string }>('select name from migrations')
    for (const name of files) {
      if (rows.some((row) => row.name === name)) continue
      await tx.query('insert into migrations (name) values ($1)', [name])
      await tx.query(await readFile(new URL(name, folder), 'utf8'))
    }
  })
}
