import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import pg from 'pg'
import type { Config } from '../config.ts'
import { packageRoot } from '../packageRoot.ts'
import { type Db, openDatabase } from './database.ts'
import { PrimaryClient } from './primaryClient.ts'

/** Any number that nothing else locks. */
const JOBS_LOCK = 4_100_004
const DEADLOCK_DETECTED = '40P01'
const LOCK_NOT_AVAILABLE = '55P03'
/** Whoever asks for a table that a migration waits for, waits behind it: so long at most. */
const LOCK_TIMEOUT = '3s'
const MOST_TRIES = 20
const AGAIN_AFTER_MS = 500
const folder = new URL('migrations/', packageRoot)

/** Runs the migrations that are missing, the job tables' too, and returns their names. Starters wait for each other. */
export async function migrate({ config }: { config: Pick<Config, 'databaseDirectUrl'> }): Promise<string[]> {
  // Connections of its own: a migration, or another starter's, may take longer than any request may.
  const databaseUrl = config.databaseDirectUrl
  const settings = { databaseUrl, databasePoolSize: 2, databasePreparedStatements: false }
  const { db, closeDatabase } = openDatabase(settings, { answerWithinMs: 0 })
  try {
    const names = await migrateTables(db)
    // The library's own migrations trip over each other where several begin in one moment.
    await db.transaction().execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(${JOBS_LOCK})`.execute(tx)
      await migrateJobs(databaseUrl.reveal())
    })
    return names
  } finally {
    await closeDatabase()
  }
}

async function migrateTables(db: Db): Promise<string[]> {
  const migrator = new Migrator({ db, provider: new SqlFiles() })
  for (let tries = 1; ; tries++) {
    const { error, results = [] } = await migrator.migrateToLatest()
    if (!error) return results.map(({ migrationName }) => migrationName)
    // Met by a service that runs meanwhile; nothing was done.
    const { code } = error as { code?: string }
    if ((code === DEADLOCK_DETECTED || code === LOCK_NOT_AVAILABLE) && tries < MOST_TRIES) {
      await sleep(AGAIN_AFTER_MS)
      continue
    }
    const failed = results.find(({ status }) => status === 'Error')?.migrationName
    throw new Error(`Migration ${failed ?? ''} failed and was undone: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** Numbered SQL files, forward only. */
class SqlFiles implements MigrationProvider {
  async getMigrations(): Promise<Record<string, Migration>> {
    const names = (await readdir(folder)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort()
    const entries = names.map(async (name): Promise<[string, Migration]> => {
      const text = await readFile(new URL(name, folder), 'utf8')
      // One simple query: the file is many statements, which a prepared one cannot be.
      const up = async (db: Kysely<never>) =>
        void (await db.executeQuery(
          CompiledQuery.raw(`set local lock_timeout = '${LOCK_TIMEOUT}';\n${text}`),
        ))
      return [name.replace(/\.sql$/, ''), { up }]
    })
    return Object.fromEntries(await Promise.all(entries))
  }
}

async function migrateJobs(connectionString: string): Promise<void> {
  const pool = new pg.Pool({ connectionString, max: 1, Client: PrimaryClient })
  pool.on('error', () => undefined)
  // Each connection listens by itself; the library looks for a listener here, and warns where there is none.
  pool.on('connect', () => undefined)
  try {
    // Loaded when it is needed: a process that expects a prepared database and runs no jobs never does.
    const { runMigrations } = await import('graphile-worker')
    await runMigrations({ pgPool: pool })
  } finally {
    await pool.end()
  }
}
