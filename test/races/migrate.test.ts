import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type App, openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { makeLog } from '../../src/http/log.ts'
import { prepareDatabase } from '../../src/prepare.ts'
import { holdLocks, scratchDatabaseUrl, sessionsWaiting } from '../db/scratchDatabase.ts'
import { testEnvironment } from '../support/testEnvironment.ts'

const PATIENCE = { timeout: 20_000 }
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

const log = makeLog({ logLevel: 'silent' }, new PassThrough())

function openOn(url: string): App {
  const app = openApp(readConfig({ ...testEnvironment, DATABASE_URL: url }), { log })
  onTestFinished(() => app.close())
  return app
}

/** `frontgate migrate` in a process of its own. */
function migrateElsewhere(url: string): ChildProcess {
  const env = { ...process.env, ...testEnvironment, DATABASE_URL: url }
  const child = spawn(process.execPath, [program, 'migrate'], { env, stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function expectPrepared(app: App): Promise<void> {
  const { rows } = await sql<Record<string, number>>`
    select (select count(*) from catalogue_versions) as catalogues, (select count(*) from signing_keys) as keys,
      (select count(*) from plans) as plans, (select count(*) from kysely_migration) > 0 as migrated,
      to_regclass('graphile_worker.migrations') is not null as jobs`.execute(app.db)
  expect(rows).toEqual([{ catalogues: 1, keys: 1, plans: 4, migrated: true, jobs: true }])
  expect(await prepareDatabase(app)).toEqual({ migrations: [] })
}

describe('an empty database', () => {
  test.for([1, 2, 3])('is prepared by six starters at once without harm (%i)', async (_round, { expect }) => {
    const url = await scratchDatabaseUrl()
    const apps = Array.from({ length: 6 }, () => openOn(url))
    const outcomes = await Promise.allSettled(apps.map((app) => prepareDatabase(app)))
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([])
    await expectPrepared(apps[0] as App)
  })

  test('is prepared by six processes at once', async () => {
    const url = await scratchDatabaseUrl()
    const exits = Array.from({ length: 6 }, () => once(migrateElsewhere(url), 'exit'))
    expect(await Promise.all(exits)).toEqual(Array(6).fill([0, null]))
    await expectPrepared(openOn(url))
  }, 60_000)
})

describe('a starter that is killed', () => {
  /** What another session holds, so that the starter stops there: each a moment between two steps. */
  test.for([
    ['before the first table', `create table kysely_migration (x int)`],
    ['in the middle of the tables', `create table sessions (id int)`],
    ['before the job tables', `create schema graphile_worker`],
    ['before the catalogue', `select pg_advisory_xact_lock(3105618)`],
    ['before the signing key', `select pg_advisory_xact_lock(3105619)`],
  ] as const)(
    '%s leaves a database that the next one prepares',
    { timeout: 60_000 },
    async ([, statement], { expect }) => {
      const url = await scratchDatabaseUrl()
      const letGo = await holdLocks(url, statement)
      const app = openOn(url)
      const starter = migrateElsewhere(url)
      const ended = once(starter, 'exit')
      await expect.poll(() => sessionsWaiting(app.db), PATIENCE).toBe(1)
      starter.kill('SIGKILL')
      await ended
      await letGo()
      await prepareDatabase(app)
      await expectPrepared(app)
    },
  )
})
