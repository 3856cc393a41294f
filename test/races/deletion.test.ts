import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { purge } from '../../src/records/purge.ts'
import { membersOf, newMember } from '../support/invites.ts'
import { somebodyWaits } from '../support/locks.ts'
import { operatorToken, PASSWORD, type Person, registerVerified } from '../support/people.ts'
import { DAY_SECONDS } from '../support/staff.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'

const GRACE = 30 * DAY_SECONDS
const ROUNDS = 4

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

/** The clocks of both processes. */
function moveClocks(seconds: number): void {
  for (const app of [t, replica]) app.moveClock(seconds)
}

const close = (app: TestApp, { accessToken: as }: Person) =>
  app.call('DELETE', '/v1/accounts/me', { as, body: { confirm: 'Engines' } })
const reopen = (app: TestApp, as: string, accountId: string) =>
  app.call('POST', `/v1/accounts/${accountId}/reopen`, { as })
const owner = () => registerVerified(t, { account_name: 'Engines' })

async function accountRow({ accountId }: Person) {
  const { rows } = await t.app.pool.query('select name, closed_at, purged_at from accounts where id = $1', [
    accountId,
  ])
  return rows[0]
}

async function countOf(action: string, { accountId, userId }: Person): Promise<number> {
  const { rows } = await t.app.pool.query(
    'select from audit_log where action = $1 and (account_id = $2 or user_id = $3)',
    [action, accountId, userId],
  )
  return rows.length
}

test('two workers purge each account and each user once', async () => {
  const closed: Person[] = []
  const deleted: Person[] = []
  for (let i = 0; i < 4; i++) {
    const [ada, bob] = [await owner(), await owner()]
    await close(t, ada)
    await t.call('DELETE', '/v1/me', { as: bob.accessToken, body: { password: PASSWORD } })
    closed.push(ada)
    deleted.push(bob)
  }
  moveClocks(GRACE)
  await Promise.all([purge(t.app, t.app.now()), purge(replica.app, t.app.now()), purge(t.app, t.app.now())])
  for (const ada of closed) {
    expect(await accountRow(ada)).toMatchObject({ name: 'Deleted account', purged_at: t.app.now() })
    expect(await countOf('account.purged', ada)).toBe(1)
  }
  for (const bob of deleted) expect(await countOf('user.purged', bob)).toBe(1)
})

test('reopened by an operator while it is purged, an account is whole or gone', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const ada = await owner()
    await close(t, ada)
    moveClocks(GRACE)
    const as = await operatorToken(t)
    const ask = () =>
      replica.call('POST', `/v1/operator/accounts/${ada.accountId}/reopen`, { as, body: { reason: 'Asked' } })
    const purging = () => purge(t.app, t.app.now())
    const [first, second] = round % 2 ? [ask, purging] : [purging, ask]
    const done = await Promise.all([first(), second()])
    const reply = done.find((outcome) => outcome !== undefined) as TestReply
    const members = await membersOf(t, ada.accountId)
    const row = await accountRow(ada)
    if (reply.status === 200) {
      expect(row).toEqual({ name: 'Engines', closed_at: null, purged_at: null })
      expect(members).toEqual({ [ada.userId]: 'owner' })
    } else {
      expect(reply.body.code).toBe('account-deleted')
      expect(row).toMatchObject({ name: 'Deleted account', purged_at: t.app.now() })
      expect(members).toEqual({})
    }
  }
})

test('given a limit of its own while it is purged, an account keeps nothing of it', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const ada = await owner()
    await close(t, ada)
    moveClocks(GRACE)
    const as = await operatorToken(t)
    const path = `/v1/operator/accounts/${ada.accountId}/limits/trees`
    const give = () => replica.call('PUT', path, { as, body: { value: 5, reason: 'Asked' } })
    const purging = () => purge(t.app, t.app.now())
    const [first, second] = round % 2 ? [give, purging] : [purging, give]
    const done = await Promise.all([first(), second()])
    const reply = done.find((outcome) => outcome !== undefined) as TestReply
    expect([200, 410]).toContain(reply.status)
    const { rows } = await t.app.pool.query('select from account_limits where account_id = $1', [
      ada.accountId,
    ])
    expect(rows).toEqual([])
  }
})

test('closed and reopened at once, an account is one or the other, and the trail says which came last', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const ada = await owner()
    const replies = await Promise.all([
      close(t, ada),
      reopen(replica, ada.accessToken, ada.accountId),
      reopen(t, ada.accessToken, ada.accountId),
    ])
    expect(replies.map(({ status }) => status)).toEqual([204, 200, 200])
    const reopened = await countOf('account.reopened', ada)
    expect(await countOf('account.closed', ada)).toBe(1)
    expect((await accountRow(ada)).closed_at).toEqual(reopened === 1 ? null : t.app.now())
    expect(reopened).toBeLessThanOrEqual(1)
  }
})

test('an owner who is deleted while they reopen leaves no account open that others are in without an owner', async () => {
  const ada = await owner()
  const bob = await newMember(t, ada)
  await close(t, ada)
  const holder = await t.app.pool.connect()
  onTestFinished(() => holder.release())
  await holder.query('begin')
  await holder.query('select from sessions where user_id = $1 for update', [ada.userId])
  // It has seen that she has no open account, and goes no further.
  const deleting = t.call('DELETE', '/v1/me', { as: ada.accessToken, body: {} })
  await somebodyWaits(t)
  let isAnswered = false
  const reopening = reopen(replica, ada.accessToken, ada.accountId).finally(() => {
    isAnswered = true
  })
  await expect.poll(async () => isAnswered || (await waiting()) === 2).toBe(true)
  await holder.query('commit')
  expect((await deleting).status).toBe(204)
  expect((await reopening).status).toBe(401)
  expect((await accountRow(ada)).closed_at).not.toBeNull()
  expect(await membersOf(t, ada.accountId)).toEqual({ [bob.userId]: 'member' })
})

test('an owner who is deleted while another one reopens and leaves does not leave the account to others', async () => {
  const ada = await owner()
  const [bob, eve] = [await newMember(t, ada, 'owner'), await newMember(t, ada)]
  await close(t, ada)
  const holder = await t.app.pool.connect()
  onTestFinished(() => holder.release())
  await holder.query('begin')
  await holder.query('select from members where account_id = $1 and user_id = $2 for update', [
    ada.accountId,
    ada.userId,
  ])
  const deleting = t.call('DELETE', '/v1/me', { as: ada.accessToken, body: { password: PASSWORD } })
  await somebodyWaits(t)
  const reopening = reopen(t, bob.accessToken, ada.accountId)
  // It waits for whoever is about to go, instead of counting on them.
  await somebodyWaits(t, 2)
  await holder.query('commit')
  expect([(await deleting).status, (await reopening).status]).toEqual([204, 200])
  const left = await t.call('POST', '/v1/accounts/me/leave', { as: bob.accessToken })
  expect([left.status, left.body.code]).toEqual([409, 'last-owner'])
  expect(await membersOf(t, ada.accountId)).toEqual({ [bob.userId]: 'owner', [eve.userId]: 'member' })
})

test('an owner who is taken out while they close does not close', async () => {
  const ada = await owner()
  const bob = await newMember(t, ada, 'owner')
  const holder = await t.app.pool.connect()
  onTestFinished(() => holder.release())
  await holder.query('begin')
  await holder.query('select from accounts where id = $1 for update', [ada.accountId])
  const removing = t.call('DELETE', `/v1/accounts/me/members/${bob.userId}`, { as: ada.accessToken })
  await somebodyWaits(t)
  const closing = close(t, bob)
  await somebodyWaits(t, 2)
  await holder.query('commit')
  expect([(await removing).status, (await closing).status]).toEqual([204, 403])
  expect((await accountRow(ada)).closed_at).toBeNull()
})

async function waiting(): Promise<number> {
  const { rows } = await t.app.pool.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows.length
}
