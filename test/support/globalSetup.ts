import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import type { TestProject } from 'vitest/node'
import { ensureClientBuilt } from '../../scripts/buildClient.mjs'
import { ensurePagesBuilt } from '../../scripts/buildPages.mjs'
import { ensureServiceBuilt } from '../../scripts/buildService.mjs'
import { openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { prepareDatabase } from '../../src/prepare.ts'
import { sweeps } from '../../src/worker.ts'
import { createScratchDatabase, startScratchPostgres } from './scratchPostgres.ts'
import { testEnvironment } from './testEnvironment.ts'

declare module 'vitest' {
  interface ProvidedContext {
    serverUrl: string
    /** For what the owner of the databases may not. */
    superuserUrl: string
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url))

export const TEMPLATE = 'frontgate_template'

/** One PostgreSQL for all tests, and one prepared database that each test file copies. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  // A single file is run without what `npm test` does first.
  await ensureClientBuilt(root)
  await ensurePagesBuilt(root)
  await ensureServiceBuilt(root)
  const postgres = await startScratchPostgres()
  const url = await createScratchDatabase(postgres.url, TEMPLATE)
  const app = openApp(readConfig({ ...testEnvironment, DATABASE_URL: url }))
  await prepareDatabase(app)
  // Tests sweep when they say so: the worker's own minute could strike in the middle of any of them.
  await sql`insert into graphile_worker._private_known_crontabs (identifier, known_since, last_execution)
    select sweep, now(), '2100-01-01' from unnest(${sweeps.map(({ name }) => name)}::text[]) as sweep`.execute(
    app.db,
  )
  await app.close()
  project.provide('serverUrl', postgres.url)
  project.provide('superuserUrl', postgres.superuserUrl)
  return postgres.stop
}
