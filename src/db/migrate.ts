import { readdir, readFile } from 'node:fs/promises'
import { runMigrations as migrateJobTables } from 'graphile-worker'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import pg from 'pg'
import type { Config } from '../config.ts'
import { type Db, openDatabase } from './database.ts'

/** Any number that nothing else locks. */
const JOBS_LOCK = 4_100_004
const DEADLOCK_DETECTED = '40P01'
const MOST_TRIES = 5
const folder = new URL('../../migrations/', import.meta.url)

/** Runs the migrations that are missing, the job tables' too, and returns their names. Starters wait for each other. */
export async function migrate({ config }: { config: Pick<Config, 'databaseUrl'> }): Promise<string[]> {
  // Connections of its own: a migration, or another starter's, may take longer than any request may.
  const { db, closeDatabase } = openDatabase({ ...config, databasePoolSize: 2 }, { answerWithinMs: 0 })
  try {
    const names = await migrateTables(db)
    // The library's own migrations trip over each other where several begin in one moment.
    await db.transaction().execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(${JOBS_LOCK})`.execute(tx)
      await migrateJobs(config.databaseUrl.reveal())
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
    if ((error as { code?: string }).code === DEADLOCK_DETECTED && tries < MOST_TRIES) continue
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
      const up = async (db: Kysely<never>) => void (await db.executeQuery(CompiledQuery.raw(text)))
      return [name.replace(/\.sql$/, ''), { up }]
    })
    return Object.fromEntries(await Promise.all(entries))
  }
}

async function migrateJobs(connectionString: string): Promise<void> {
  const pool = new pg.Pool({ connectionString, max: 1 })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  try {
    await migrateJobTables({ pgPool: pool })
  } finally {
    await pool.end()
  }
}
