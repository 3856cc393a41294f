import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import { Secret } from '../../src/config.ts'
import { type Database, type Db, openDatabase } from '../../src/db/database.ts'
import { Changes } from '../../src/db/transaction.ts'
import { createScratchDatabase, dropScratchDatabase } from '../support/scratchPostgres.ts'

/** A database of one test file, and what `inTx` wants of an app. */
export interface ScratchDatabase extends Database {
  changes: Changes
  url: string
  /** Closes the connections and drops the database. */
  remove: () => Promise<void>
}

/** Creates a database, empty or as a copy of a template. */
export async function openScratchDatabase(template?: string): Promise<ScratchDatabase> {
  const serverUrl = inject('serverUrl')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const url = await createScratchDatabase(serverUrl, name, template)
  const database = openDatabase({
    databaseUrl: new Secret(url),
    databasePoolSize: 4,
    databasePreparedStatements: true,
  })
  return {
    ...database,
    changes: new Changes(),
    url,
    async remove() {
      await database.closeDatabase()
      await dropScratchDatabase(serverUrl, name)
    },
  }
}

/** An empty database that is removed after the test that is running. */
export async function scratchDatabaseUrl(template?: string): Promise<string> {
  const serverUrl = inject('serverUrl')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  onTestFinished(() => dropScratchDatabase(serverUrl, name))
  return createScratchDatabase(serverUrl, name, template)
}

/** Holds what a statement locks from another session, until the function that it returns is called. */
export async function holdLocks(url: string, statement: string): Promise<() => Promise<void>> {
  const session = new pg.Client({ connectionString: url })
  session.on('error', () => undefined)
  await session.connect()
  onTestFinished(() => session.end())
  await session.query('begin')
  await session.query(statement)
  return async () => void (await session.query('rollback'))
}

/** How many sessions wait for a lock that another one holds. */
export async function sessionsWaiting(db: Db): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`
    select count(*) as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
  return rows[0]?.waiting ?? 0
}
