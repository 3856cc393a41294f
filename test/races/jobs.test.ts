import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bringJobsForward } from '../../sandbox/settle.ts'
import { runJobs } from '../../src/jobs/runJobs.ts'
import { TcpProxy } from '../db/tcpProxy.ts'
import { register } from '../support/people.ts'
import { startTestAppWith, type TestApp } from '../support/testApp.ts'

const PATIENCE = { timeout: 25_000 }

describe('a job under way', () => {
  test('stays with its worker, while those of a worker that was killed are taken over', async () => {
    const t = await startTestAppWith({}, { work: false })
    const slow = await proxied(smtpUrlOf(t))
    slow.hold()
    await startTestAppWith({ DATABASE_URL: t.databaseUrl, SMTP_URL: slow.url, WORKER_CONCURRENCY: '1' })
    const waiting = await register(t)
    await expect.poll(() => slow.taken, PATIENCE).toBe(1)

    const orphaned = await register(t)
    await sql`update graphile_worker._private_jobs set locked_by = 'pool-that-was-killed', locked_at = now()
      where locked_by is null`.execute(t.app.db)
    await startTestAppWith({ DATABASE_URL: t.databaseUrl, SMTP_URL: smtpUrlOf(t) })
    await expect.poll(() => t.mailbox.list(orphaned.email).length, PATIENCE).toBe(1)
    expect(t.mailbox.list(waiting.email)).toEqual([])
    slow.release()
    await t.settled()
    expect(t.mailbox.list(waiting.email)).toHaveLength(1)
    expect(t.mailbox.list(orphaned.email)).toHaveLength(1)
  })

  test('is finished after the database was away, and the worker goes on', async () => {
    const t = await startTestAppWith({}, { work: false })
    const [database, slow] = [await proxied(t.databaseUrl), await proxied(smtpUrlOf(t))]
    slow.hold()
    const w = await startTestAppWith({ DATABASE_URL: database.url, SMTP_URL: slow.url })
    const person = await register(t)
    await expect.poll(() => slow.taken, PATIENCE).toBe(1)
    await database.cut()
    slow.release()
    await expect.poll(() => t.mailbox.list(person.email).length, PATIENCE).toBe(1)
    await expect.poll(() => w.logged.join(''), PATIENCE).toMatch(/job failed/)
    await database.restore()
    const later = await register(t)
    await expect.poll(() => t.mailbox.list(later.email).length, PATIENCE).toBe(1)
    await expect
      .poll(async () => {
        await bringJobsForward(t.app, 3600)
        return statusesOf(t, person.userId)
      }, PATIENCE)
      .toEqual(['sent'])
  }, 60_000)

  test('is not lost when the connection breaks that was about to bring it to the worker', async () => {
    const t = await startTestAppWith({}, { work: false })
    const database = await proxied(t.databaseUrl)
    await startTestAppWith({ DATABASE_URL: database.url, SMTP_URL: smtpUrlOf(t) })
    await register(t)
    await t.settled()
    const { email } = await database.loseAnswersAfter(() => register(t))
    await expect.poll(() => lockedJobsOf(t), PATIENCE).toBe(1)
    await database.cut()
    await database.restore()
    await expect.poll(() => t.mailbox.list(email).length, PATIENCE).toBe(1)
  }, 60_000)

  test('that fails while the database is away is not lost', async () => {
    const t = await startTestAppWith({}, { work: false })
    const [database, slow] = [await proxied(t.databaseUrl), await proxied(smtpUrlOf(t))]
    slow.hold()
    const w = await startTestAppWith({ DATABASE_URL: database.url, SMTP_URL: slow.url })
    const person = await register(t)
    await expect.poll(() => slow.taken, PATIENCE).toBe(1)
    await database.cut()
    await slow.cut()
    await expect.poll(() => w.logged.join(''), PATIENCE).toMatch(/job failed/)
    await Promise.all([database.restore(), slow.restore()])
    slow.release()
    await expect
      .poll(async () => {
        await bringJobsForward(t.app, 3600)
        return t.mailbox.list(person.email).length
      }, PATIENCE)
      .toBe(1)
  }, 60_000)
})

describe('a worker that is stopped', () => {
  test('while the connection breaks on which it begins to listen ends without ending the process', async () => {
    const unheard: unknown[] = []
    const hear = (error: unknown) => unheard.push(error)
    process.on('unhandledRejection', hear)
    onTestFinished(() => void process.off('unhandledRejection', hear))
    const t = await startTestAppWith({}, { work: false })
    const database = await proxied(t.databaseUrl)
    const w = await startTestAppWith({ DATABASE_URL: database.url }, { work: false })
    const listening = database.stallAt('LISTEN "jobs:insert"')
    const worker = await runJobs(w.app, [{ name: 'rest', run: async () => undefined }], [])
    await listening
    const stopping = worker.stop()
    await setImmediate()
    await database.cut()
    await stopping
    await setImmediate()
    expect(unheard).toEqual([])
    await database.restore()
  })
})

describe('several workers', () => {
  test('send each of many mails once', async () => {
    const t = await startTestAppWith({})
    await startTestAppWith({ DATABASE_URL: t.databaseUrl, SMTP_URL: smtpUrlOf(t) })
    const people = await Promise.all(Array.from({ length: 40 }, () => register(t)))
    await t.settled()
    for (const { email } of people) expect(t.mailbox.list(email)).toHaveLength(1)
  })
})

describe('a job that is run twice', () => {
  test('sends one mail', async () => {
    const t = await startTestAppWith({}, { work: false })
    const { email } = await register(t)
    await sql`select graphile_worker.add_job('mail.send', payload) from graphile_worker._private_jobs`.execute(
      t.app.db,
    )
    await startTestAppWith({ DATABASE_URL: t.databaseUrl, SMTP_URL: smtpUrlOf(t), WORKER_CONCURRENCY: '1' })
    await t.settled()
    expect(t.mailbox.list(email)).toHaveLength(1)
  })
})

describe('a job that can never succeed', () => {
  test('does not hold up others, and is given up with an error in the log', async () => {
    const t = await startTestAppWith({ WORKER_CONCURRENCY: '1' }, { work: false })
    const poisoned = await register(t)
    await sql`update graphile_worker._private_jobs set priority = -1, max_attempts = 3,
      payload = jsonb_set(payload::jsonb, '{template}', '"no-such-mail"')`.execute(t.app.db)
    const w = await startTestAppWith({
      DATABASE_URL: t.databaseUrl,
      SMTP_URL: smtpUrlOf(t),
      WORKER_CONCURRENCY: '1',
    })
    const people = [await register(t), await register(t)]
    await t.settled()
    for (const { email } of people) expect(t.mailbox.list(email)).toHaveLength(1)
    for (let attempt = 2; attempt <= 3; attempt++) {
      await bringJobsForward(t.app, 3600)
      await t.settled()
    }
    expect(t.mailbox.list(poisoned.email)).toEqual([])
    const failures = logLinesOf(w).filter(({ message }) => String(message).startsWith('job failed'))
    expect(failures.map(({ level }) => level)).toEqual(['warn', 'warn', 'error'])
    const metrics = await w.app.metrics.registry.getSingleMetricAsString('frontgate_jobs_total')
    expect(metrics).toContain('frontgate_jobs_total{job="mail.send",outcome="given-up"} 1')
  })
})

describe('a sweep that fails', () => {
  test('is tried again, and the others run', async () => {
    const t = await startTestAppWith({}, { work: false })
    await sql`alter table rate_limits rename to rate_limits_away`.execute(t.app.db)
    await sql`select graphile_worker.add_job(sweep) from unnest(array['sweep.rate-limits', 'sweep.trial-reminders']) as sweep`.execute(
      t.app.db,
    )
    const w = await startTestAppWith({ DATABASE_URL: t.databaseUrl, SMTP_URL: smtpUrlOf(t) })
    await t.settled()
    expect(await jobsLeft(t)).toEqual(['sweep.rate-limits'])
    expect(logLinesOf(w)).toContainEqual(expect.objectContaining({ level: 'warn', job: 'sweep.rate-limits' }))
    await sql`alter table rate_limits_away rename to rate_limits`.execute(t.app.db)
    await bringJobsForward(t.app, 3600)
    await t.settled()
    expect(await jobsLeft(t)).toEqual([])
  })
})

async function lockedJobsOf(t: TestApp): Promise<number> {
  const { rows } = await sql`select from graphile_worker._private_jobs where locked_by is not null`.execute(
    t.app.db,
  )
  return rows.length
}

async function proxied(url: string): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(url)
  onTestFinished(() => proxy.stop())
  return proxy
}

function smtpUrlOf(t: TestApp): string {
  return t.app.config.smtpUrl?.reveal() ?? ''
}

function logLinesOf(t: TestApp): Record<string, unknown>[] {
  return t.logged.map((line) => JSON.parse(line) as Record<string, unknown>)
}

async function statusesOf(t: TestApp, userId: string): Promise<string[]> {
  const rows = await t.app.db.selectFrom('mail_log').select('status').where('user_id', '=', userId).execute()
  return rows.map(({ status }) => status)
}

async function jobsLeft(t: TestApp): Promise<string[]> {
  const { rows } = await sql<{ task: string }>`
    select task_identifier as task from graphile_worker.jobs order by task`.execute(t.app.db)
  return rows.map(({ task }) => task)
}
