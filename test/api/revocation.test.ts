import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { joined, leave, removeMember } from '../support/members.ts'
import { PASSWORD, type Person, register } from '../support/people.ts'
import { type Replica, startReplica } from '../support/replica.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
})
afterAll(() => t.close())

const PATIENCE = { timeout: 15_000, interval: 20 }

/** Everything that ends what a token opens, and how its bearer is answered from then on. */
const ends: [string, (person: Person) => Promise<unknown>, string, { status: number; code: string }][] = [
  [
    'signed out',
    ({ accessToken }) => t.call('POST', '/v1/auth/logout', { as: accessToken }),
    '/v1/me',
    { status: 401, code: 'session-expired' },
  ],
  [
    'signed out everywhere',
    ({ accessToken }) => t.call('POST', '/v1/auth/logout-all', { as: accessToken }),
    '/v1/forward-auth',
    { status: 401, code: 'session-expired' },
  ],
  [
    'another device changed the password',
    async ({ email }) => {
      const { body } = await t.call('POST', '/v1/auth/login', { body: { email, password: PASSWORD } })
      return t.call('POST', '/v1/auth/password/change', {
        as: body.access_token,
        body: { current_password: PASSWORD, new_password: 'quite another staple battery' },
      })
    },
    '/v1/billing/state',
    { status: 401, code: 'session-expired' },
  ],
  [
    'deleted',
    ({ accessToken }) => t.call('DELETE', '/v1/me', { as: accessToken, body: { password: PASSWORD } }),
    '/v1/me',
    { status: 401, code: 'session-expired' },
  ],
  [
    'taken out of the account',
    async (person) => removeMember(t, await joined(t, person.accountId, 'owner'), person),
    '/v1/forward-auth',
    { status: 403, code: 'forbidden' },
  ],
  [
    'the account left',
    async (person) => {
      await joined(t, person.accountId, 'owner')
      return leave(t, person)
    },
    '/v1/billing/state',
    { status: 403, code: 'forbidden' },
  ],
  [
    'the account closed',
    async ({ accessToken }) => {
      const { body } = await t.call('GET', '/v1/accounts/me', { as: accessToken })
      return t.call('DELETE', '/v1/accounts/me', { as: accessToken, body: { confirm: body.name } })
    },
    '/v1/billing/state',
    { status: 403, code: 'account-closed' },
  ],
]

const answerOf = ({ status, body }: { status: number; body: { code?: string } | null }) => ({
  status,
  code: body?.code,
})

describe.each(ends)('%s', (_name, end, url, refusal) => {
  let person: Person
  let other: Replica

  test('this process refuses the token from the next request on, another one moments later', async () => {
    person = await register(t)
    other = await startReplica(t)
    // Both have looked, and remember what they saw.
    expect((await t.call('GET', url, { as: person.accessToken })).status).toBe(200)
    expect((await other.get(url, person.accessToken)).status).toBe(200)
    const done = (await end(person)) as { status: number }
    expect(done.status).toBe(204)
    expect(answerOf(await t.call('GET', url, { as: person.accessToken }))).toEqual(refusal)
    await expect
      .poll(async () => answerOf(await other.get(url, person.accessToken)), PATIENCE)
      .toEqual(refusal)
  })
})

test('a member who was removed is refused moments later, with what the account has still there for others', async () => {
  const [owner, member] = [await register(t), await register(t)]
  await t.app.pool.query(
    `insert into members (account_id, user_id, role, created_at) values ($1, $2, 'member', $3)`,
    [owner.accountId, member.userId, t.app.now()],
  )
  const { body } = await t.call('POST', '/v1/auth/switch-account', {
    as: member.accessToken,
    body: { account_id: owner.accountId },
  })
  const ask = () => t.call('GET', '/v1/billing/state', { as: body.access_token })
  expect((await ask()).body).toMatchObject({ account_id: owner.accountId })
  await t.app.pool.query('delete from members where account_id = $1 and user_id = $2', [
    owner.accountId,
    member.userId,
  ])
  await expect.poll(async () => answerOf(await ask()), PATIENCE).toEqual({ status: 403, code: 'forbidden' })
  expect((await t.call('GET', '/v1/billing/state', { as: owner.accessToken })).status).toBe(200)
  // The token for their own account goes on.
  expect((await t.call('GET', '/v1/billing/state', { as: member.accessToken })).status).toBe(200)
})

test('a role that was lowered holds moments later, whatever the token says', async () => {
  const { accessToken, userId } = await register(t)
  const rename = () => t.call('PATCH', '/v1/accounts/me', { as: accessToken, body: { name: 'Mine' } })
  expect((await rename()).status).toBe(200)
  await t.app.pool.query(`update members set role = 'viewer' where user_id = $1`, [userId])
  await expect.poll(() => rename().then(({ status }) => status), PATIENCE).toBe(403)
})
