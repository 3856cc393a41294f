import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { forgetOrigins } from '../../src/audit/forgetOrigins.ts'
import { warnOfOpenTrail } from '../../src/audit/protectTrail.ts'
import { prepareDatabase } from '../../src/prepare.ts'
import { frontgate, SECRET } from '../support/commandLine.ts'
import { register, registerVerified, signIn } from '../support/people.ts'
import { startTestApp, startTestAppAs, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const REFUSED = '42501'
/** Whatever would change what the trail says. */
const tamperings = [
  `update audit_log set details = '{}'`,
  `update audit_log set at = now()`,
  `update audit_log set actor_id = null`,
  'delete from audit_log',
  'truncate audit_log',
]

async function codeOf(app: TestApp, statement: string): Promise<string | undefined> {
  return app.app.pool.query(statement).then(
    () => 'done',
    (error: { code?: string }) => error.code,
  )
}

async function trailOf(app: TestApp, userId: string) {
  const { rows } = await app.app.pool.query(
    'select id, action, details, ip from audit_log where user_id = $1 order by at, id',
    [userId],
  )
  return rows
}

describe('the trail', () => {
  test.each(tamperings)('is append-only for the service itself: %s', async (statement) => {
    expect(await codeOf(t, statement)).toBe(REFUSED)
  })

  test('loses from where somebody came when they are deleted for good, and nothing else', async () => {
    const { userId } = await registerVerified(t)
    const before = await trailOf(t, userId)
    expect(before.map(({ ip }) => ip)).toContain('127.0.0.1')
    await forgetOrigins(t.app, { of: 'user', id: userId })
    expect(await trailOf(t, userId)).toEqual(before.map((entry) => ({ ...entry, ip: null })))
  })

  test.each([
    `update audit_log set ip = '192.0.2.1'`,
    `update audit_log set user_agent = 'another'`,
    'update audit_log set ip = null',
    'update audit_log set ip = null, user_agent = lower(user_agent)',
  ])('has origins that are forgotten, never others: %s', async (statement) => {
    await register(t)
    expect(await codeOf(t, statement)).toBe(REFUSED)
  })

  test('is not changed by a superuser either, unless they take away what refuses it', async () => {
    await register(t)
    const { pathname } = new URL(t.databaseUrl)
    await expect(asSuperuser(`update audit_log set details = '{}'`, pathname)).rejects.toMatchObject({
      code: REFUSED,
    })
  })

  test('is closed again at the next start where rights came back, as with a restore; until then the log says so', async () => {
    const warnings = async () => {
      await warnOfOpenTrail(t.app)
      return t.logged.filter((line) => line.includes('audit_log')).length
    }
    expect(await warnings()).toBe(0)
    await t.app.pool.query('grant update, delete, truncate on audit_log to current_user')
    expect(await warnings()).toBe(1)
    await Promise.all([prepareDatabase(t.app), prepareDatabase(t.app), prepareDatabase(t.app)])
    expect(await warnings()).toBe(1)
    for (const statement of tamperings) expect(await codeOf(t, statement), statement).toBe(REFUSED)
    const { userId } = await registerVerified(t)
    await forgetOrigins(t.app, { of: 'user', id: userId })
    expect((await trailOf(t, userId)).map(({ ip }) => ip)).not.toContain('127.0.0.1')
  })

  test('is kept from the service by nobody but the owner of the table, who is no superuser', async () => {
    const { rows } = await t.app.pool.query(
      `select r.rolsuper, t.tableowner = current_user as owns
       from pg_roles r, pg_tables t where r.rolname = current_user and t.tablename = 'audit_log'`,
    )
    expect(rows).toEqual([{ rolsuper: false, owns: true }])
  })
})

describe('with two roles', () => {
  test('the one that serves works, and can neither change the trail nor give itself the right to', async () => {
    const role = `runner_${randomUUID().replaceAll('-', '')}`
    await asSuperuser(`create role ${role} login password 'runner'`)
    // Its jobs are done by nobody else.
    const { databaseUrl } = await startTestAppWith({}, { work: false })
    const granted = await frontgate(['migrate', '--grant-to', role], {
      DATABASE_URL: databaseUrl,
      PUBLIC_URL: 'https://gate.example',
      SECRET,
    })
    expect(granted).toMatchObject({ code: 0, stdout: 'The database is up to date.\n' })
    const url = Object.assign(new URL(databaseUrl), { username: role, password: 'runner' }).href
    const serving = await startTestAppAs(url)
    onTestFinished(async () => {
      await serving.close()
      await asSuperuser(`drop owned by ${role}`, new URL(databaseUrl).pathname)
      await asSuperuser(`drop role ${role}`)
    })

    const { email, userId } = await registerVerified(serving)
    expect((await signIn(serving, email)).status).toBe(200)
    await serving.advance(86_400)
    await forgetOrigins(serving.app, { of: 'user', id: userId })
    const statements = [
      ...tamperings,
      'alter table audit_log add column more text',
      `drop table audit_log`,
      `delete from kysely_migration`,
    ]
    for (const statement of statements) expect(await codeOf(serving, statement), statement).toBe(REFUSED)
    // PostgreSQL warns, and grants nothing.
    await serving.app.pool.query(`grant update, delete on audit_log to ${role}`)
    expect(await codeOf(serving, 'delete from audit_log')).toBe(REFUSED)
  })

  test('a role that nobody made is refused in words', async () => {
    const { code, stderr } = await frontgate(['migrate', '--grant-to', 'nobody_made_this'], {
      DATABASE_URL: t.databaseUrl,
      PUBLIC_URL: 'https://gate.example',
      SECRET,
    })
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('no such role') })
  })
})

async function asSuperuser(statement: string, pathname = '/postgres'): Promise<void> {
  const url = Object.assign(new URL(inject('superuserUrl')), { pathname }).href
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
