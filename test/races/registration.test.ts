import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newAddress, PASSWORD, register } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
let replica: TestApp
beforeAll(async () => {
  t = await startTestApp()
  replica = await startTestApp({ DATABASE_URL: t.databaseUrl }, { work: false })
})
afterAll(async () => {
  await replica.close()
  await t.close()
})

/** What is in the database of somebody, by table. */
async function countsOf(app: TestApp, email: string) {
  const { db } = app.app
  const users = await db.selectFrom('users').select('id').where('email', '=', email).execute()
  const userIds = users.map(({ id }) => id)
  if (userIds.length === 0) return { users: 0, accounts: 0, trials: 0, grants: 0 }
  const [members, trials, grants] = await Promise.all([
    db.selectFrom('members').select('account_id').where('user_id', 'in', userIds).execute(),
    db.selectFrom('trials_taken').select('user_id').where('user_id', 'in', userIds).execute(),
    db
      .selectFrom('grants')
      .innerJoin('members', 'members.account_id', 'grants.account_id')
      .select('grants.id')
      .where('members.user_id', 'in', userIds)
      .execute(),
  ])
  return { users: users.length, accounts: members.length, trials: trials.length, grants: grants.length }
}

describe('20 registrations of one address at once', () => {
  test('make one user with one account, one trial and one mail; the others are told', async () => {
    const email = newAddress()
    const accountsBefore = await accounts(t)
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? t : replica).call('POST', '/v1/auth/register', {
          // The same address, however it is written.
          body: { email: i % 3 === 0 ? email.toUpperCase() : ` ${email}`, password: PASSWORD },
        }),
      ),
    )
    const outcomes = replies.map(({ status, body }) => `${status} ${body.code ?? ''}`.trim()).sort()
    expect(outcomes).toEqual(['201', ...Array(19).fill('409 email-already-registered')])
    expect(await countsOf(t, email)).toEqual({ users: 1, accounts: 1, trials: 1, grants: 1 })
    expect((await accounts(t)) - accountsBefore).toBe(1)
    expect(await t.mailsTo(email)).toHaveLength(1)
  })

  test('where nothing may be told, answer all alike and still make one user', async () => {
    const strict = await startTestAppWith({ REGISTRATION_PRIVACY: 'strict' })
    const email = newAddress()
    const replies = await Promise.all(
      Array.from({ length: 20 }, () =>
        strict.call('POST', '/v1/auth/register', { body: { email, password: PASSWORD } }),
      ),
    )
    expect(replies.map(({ status, text }) => [status, text])).toEqual(
      Array(20).fill([202, '{"status":"accepted"}']),
    )
    await strict.settled()
    expect(await countsOf(strict, email)).toEqual({ users: 1, accounts: 1, trials: 1, grants: 1 })
    const subjects = (await strict.mailsTo(email)).map(({ subject }) => subject)
    expect(subjects.filter((subject) => subject.startsWith('Finish signing up'))).toHaveLength(1)
    expect(subjects.filter((subject) => subject.startsWith('You already have'))).toHaveLength(5)
  })
})

describe('registrations from one network', () => {
  test('at once are limited exactly', async () => {
    const limited = await startTestAppWith({ REGISTRATIONS_PER_HOUR: '5' }, { work: false })
    const replies = await Promise.all(
      Array.from({ length: 20 }, () =>
        limited.call('POST', '/v1/auth/register', {
          body: { email: newAddress(), password: PASSWORD },
          from: '203.0.113.7',
        }),
      ),
    )
    const statuses = replies.map(({ status }) => status).sort()
    expect(statuses).toEqual([...Array(5).fill(201), ...Array(15).fill(429)])
  })
})

describe('deleting oneself', () => {
  test('while the address is registered again ends with at most one user, who can sign in', async () => {
    for (let round = 0; round < 5; round++) {
      const person = await register(t)
      const [deleted, registered] = await Promise.all([
        t.call('DELETE', '/v1/me', { as: person.accessToken, body: {} }),
        replica.call('POST', '/v1/auth/register', { body: { email: person.email, password: PASSWORD } }),
      ])
      expect(deleted.status).toBe(204)
      expect([201, 409]).toContain(registered.status)
      const { users } = await countsOf(t, person.email)
      expect(users).toBe(registered.status === 201 ? 1 : 0)
    }
  })
})

async function accounts({ app }: TestApp): Promise<number> {
  const { accounts: count } = await app.db
    .selectFrom('accounts')
    .select((e) => e.fn.countAll<number>().as('accounts'))
    .executeTakeFirstOrThrow()
  return count
}
