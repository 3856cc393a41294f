import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Mailbox } from '../../sandbox/mailbox/mailbox.ts'
import { startMailServer } from '../../sandbox/mailbox/startMailServer.ts'
import {
  holdLocks,
  openScratchDatabase,
  type ScratchDatabase,
  sessionsWaiting,
} from '../db/scratchDatabase.ts'
import { TcpProxy } from '../db/tcpProxy.ts'
import { TEMPLATE } from '../support/globalSetup.ts'
import { newAddress, PASSWORD } from '../support/people.ts'
import { ServiceProcess } from './serviceProcess.ts'

const PATIENCE = { timeout: 30_000 }
const LONG = { timeout: 90_000 }

/** What a service needs, with a mail server that can be held up. */
async function surroundings() {
  const database = await openScratchDatabase(TEMPLATE)
  onTestFinished(() => database.remove())
  const mailbox = new Mailbox()
  const mailServer = await startMailServer(mailbox, { now: () => new Date(), preferredPort: 0 })
  onTestFinished(() => mailServer.stop())
  const mailWay = await TcpProxy.start(mailServer.url)
  onTestFinished(() => mailWay.stop())
  const env = { DATABASE_URL: database.url, SMTP_URL: mailWay.url }
  return { database, mailbox, mailWay, env }
}

async function register(service: ServiceProcess, email = newAddress()) {
  const reply = await service.post('/v1/auth/register', { email, password: PASSWORD, token_delivery: 'body' })
  expect(reply.status).toBe(201)
  const tokens = (await reply.json()) as { access_token: string }
  return { email, accessToken: tokens.access_token }
}

const arrived = (mailbox: Mailbox, email: string) =>
  expect.poll(() => mailbox.list(email).length, PATIENCE).toBe(1)

describe('a process that is killed', LONG, () => {
  test('between the commit and the mail: the next one sends it, with the link that works', async () => {
    const { mailbox, mailWay, env } = await surroundings()
    mailWay.hold()
    const first = await ServiceProcess.start(env)
    const { email } = await register(first)
    await expect.poll(() => mailWay.taken, PATIENCE).toBe(1)
    first.kill('SIGKILL')
    expect(await first.ended).toEqual([null, 'SIGKILL'])
    await mailWay.cut()
    mailWay.release()
    await mailWay.restore()

    const second = await ServiceProcess.start(env)
    await arrived(mailbox, email)
    const [mail] = mailbox.list(email)
    const token = new URL(mail?.links[0] ?? '').searchParams.get('token')
    expect((await second.post('/v1/auth/email/verify', { token })).status).toBe(200)
    expect(second.logged.join('')).toContain('took over the jobs of workers that are gone')
  })

  test('leaves its jobs to one that is running', async () => {
    const { mailbox, mailWay, env } = await surroundings()
    mailWay.hold()
    const first = await ServiceProcess.start(env)
    const { email } = await register(first)
    await expect.poll(() => mailWay.taken, PATIENCE).toBe(1)
    const second = await ServiceProcess.start(env, ['work'])
    first.kill('SIGKILL')
    await first.ended
    await mailWay.cut()
    mailWay.release()
    await mailWay.restore()
    await arrived(mailbox, email)
    expect(second.logged.join('')).toContain('took over the jobs of workers that are gone')
  })

  test('in the middle of many registrations leaves each of them whole or undone', async () => {
    const { database, mailbox, env } = await surroundings()
    const first = await ServiceProcess.start(env)
    const asked = Array.from({ length: 60 }, () =>
      first.post('/v1/auth/register', { email: newAddress(), password: PASSWORD }).catch(() => null),
    )
    await expect.poll(() => usersIn(database), PATIENCE).toBeGreaterThan(5)
    first.kill('SIGKILL')
    await Promise.all(asked)
    expect(await unwhole(database)).toEqual([])
    await ServiceProcess.start(env)
    const { rows } = await sql<{ email: string }>`select email from users`.execute(database.db)
    for (const { email } of rows)
      await expect.poll(() => mailbox.list(email).length, PATIENCE).toBeGreaterThanOrEqual(1)
  })
})

describe('SIGTERM', LONG, () => {
  test('lets a request under way finish, takes no new ones, and ends with 0', async () => {
    const { database, env } = await surroundings()
    const service = await ServiceProcess.start(env)
    const { accessToken } = await register(service)
    const unblock = await holdLocks(database.url, 'select from users for update')
    const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'Ada' })
    const underWay = fetch(`${service.origin}/v1/me`, { method: 'PATCH', headers, body })
    await expect.poll(() => sessionsWaiting(database.db), PATIENCE).toBe(1)
    service.kill('SIGTERM')
    await expect
      .poll(
        () =>
          fetch(`${service.origin}/healthz`).then(
            () => 'answered',
            () => 'refused',
          ),
        PATIENCE,
      )
      .toBe('refused')
    await unblock()
    const reply = await underWay
    expect([reply.status, await reply.json()]).toEqual([200, expect.objectContaining({ name: 'Ada' })])
    expect(await service.ended).toEqual([0, null])
  })

  test('lets a mail under way be handed over, once', async () => {
    const { mailbox, mailWay, env } = await surroundings()
    mailWay.hold()
    const service = await ServiceProcess.start(env)
    const { email } = await register(service)
    await expect.poll(() => mailWay.taken, PATIENCE).toBe(1)
    service.kill('SIGTERM')
    await expect.poll(() => service.logged.join(''), PATIENCE).toContain('"message":"stopping"')
    mailWay.release()
    expect(await service.ended).toEqual([0, null])
    expect(mailbox.list(email)).toHaveLength(1)
  })

  test('gives back a mail that no server takes, ends with 0, and the next process sends it', async () => {
    const { mailbox, mailWay, env } = await surroundings()
    mailWay.hold()
    const first = await ServiceProcess.start({ ...env, SHUTDOWN_SECONDS: '4' })
    const { email } = await register(first)
    await expect.poll(() => mailWay.taken, PATIENCE).toBe(1)
    first.kill('SIGTERM')
    expect(await first.ended).toEqual([0, null])
    mailWay.release()
    await ServiceProcess.start(env)
    await arrived(mailbox, email)
  })
})

describe('a process whose connections to the database are all cut', LONG, () => {
  test('lives on, and serves and works as before', async () => {
    const { database, mailbox, env } = await surroundings()
    const service = await ServiceProcess.start(env)
    await register(service)
    for (let round = 0; round < 3; round++) {
      const busy = Array.from({ length: 20 }, () =>
        service.post('/v1/auth/login', { email: newAddress(), password: PASSWORD }).catch(() => null),
      )
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name like 'frontgate%' and pid <> pg_backend_pid()
          and client_port not in (select client_port from pg_stat_activity where pid = pg_backend_pid())`
        .execute(database.db)
        .catch(() => undefined)
      await Promise.all(busy)
    }
    await expect.poll(async () => (await fetch(`${service.origin}/readyz`)).status, PATIENCE).toBe(200)
    const { email } = await register(service)
    await arrived(mailbox, email)
    service.kill('SIGTERM')
    expect(await service.ended).toEqual([0, null])
  })
})

async function usersIn(database: ScratchDatabase): Promise<number> {
  const { rows } = await sql<{ users: number }>`select count(*) as users from users`.execute(database.db)
  return rows[0]?.users ?? 0
}

/** Users who lack an account, their trial, their link, or the mail that was promised with them. */
async function unwhole(database: ScratchDatabase) {
  const { rows } = await sql`
    select u.id from users u
    left join members m on m.user_id = u.id
    left join grants g on g.account_id = m.account_id and g.source = 'trial'
    left join trials_taken t on t.user_id = u.id
    left join email_verification_tokens v on v.user_id = u.id
    left join mail_log l on l.user_id = u.id
    where m.user_id is null or g.id is null or t.user_id is null or v.id is null or l.id is null
      or (l.status = 'queued' and not exists (
        select from graphile_worker._private_jobs j where j.payload->>'mailId' = l.id::text))`.execute(
    database.db,
  )
  return rows
}
