import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newMember } from '../support/invites.ts'
import { PASSWORD, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

const ROUNDS = 6

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

const deleteMe = (app: TestApp, { accessToken }: Person) =>
  app.call('DELETE', '/v1/me', { as: accessToken, body: {} })

async function join({ userId }: Person, accountId: string, role: 'owner' | 'member'): Promise<void> {
  await t.app.db
    .insertInto('members')
    .values({ account_id: accountId, user_id: userId, role, created_at: t.app.now() })
    .execute()
}

async function membersOf(accountId: string): Promise<string[]> {
  const rows = await t.app.db
    .selectFrom('members')
    .select('role')
    .where('account_id', '=', accountId)
    .execute()
  return rows.map(({ role }) => role).sort()
}

async function isClosed(accountId: string): Promise<boolean> {
  const row = await t.app.db
    .selectFrom('accounts')
    .select('closed_at')
    .where('id', '=', accountId)
    .executeTakeFirst()
  return row?.closed_at !== null
}

describe('two owners of one account who delete themselves at once', () => {
  test('never leave its members without an owner', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [ada, bob, eve] = [await register(t), await register(t), await register(t)]
      await join(bob, ada.accountId, 'owner')
      await join(eve, ada.accountId, 'member')
      const replies = await Promise.all([deleteMe(t, ada), deleteMe(replica, bob)])
      const outcomes = replies.map(({ status, body }) => `${status} ${body?.code ?? ''}`.trim()).sort()
      expect(outcomes).toEqual(['204', '409 last-owner'])
      expect(await membersOf(ada.accountId)).toEqual(['member', 'owner'])
      expect(await isClosed(ada.accountId)).toBe(false)
    }
  })

  test('close it where nobody else is in it', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [ada, bob] = [await register(t), await register(t)]
      await join(bob, ada.accountId, 'owner')
      const replies = await Promise.all([deleteMe(t, ada), deleteMe(replica, bob)])
      expect(replies.map(({ status }) => status)).toEqual([204, 204])
      expect(await membersOf(ada.accountId)).toEqual([])
      expect(await isClosed(ada.accountId)).toBe(true)
    }
  })

  test('do not wait for each other where they share several accounts', async () => {
    const [ada, bob, eve] = [await register(t), await register(t), await register(t)]
    await join(bob, ada.accountId, 'owner')
    await join(ada, bob.accountId, 'owner')
    for (const { accountId } of [ada, bob]) await join(eve, accountId, 'member')
    const replies = await Promise.all([deleteMe(t, ada), deleteMe(replica, bob)])
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 409])
  })
})

describe('one who deletes themselves', () => {
  test('many times at once is deleted once', async () => {
    const ada = await register(t)
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, i) => deleteMe(i % 2 ? t : replica, ada)),
    )
    expect(replies.some(({ status }) => status === 204)).toBe(true)
    for (const { status } of replies) expect([204, 401]).toContain(status)
    const trail = await t.app.db
      .selectFrom('audit_log')
      .select('id')
      .where('action', '=', 'user.deleted')
      .where('user_id', '=', ada.userId)
      .execute()
    expect(trail).toHaveLength(1)
  })

  test('while signing in elsewhere keeps no live session', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const ada = await register(t)
      const [deleted, ...signIns] = await Promise.all([
        deleteMe(t, ada),
        ...Array.from({ length: 6 }, (_, i) =>
          signIn(i % 2 ? t : replica, ada.email, PASSWORD, `10.3.${round}.${i}`),
        ),
      ])
      expect(deleted.status).toBe(204)
      for (const { status, body } of signIns) {
        expect([200, 401, 429]).toContain(status)
        if (status !== 200) continue
        const again = await t.call('POST', '/v1/auth/refresh', {
          body: { refresh_token: body.refresh_token },
        })
        expect(again.status).toBe(401)
        expect((await t.call('GET', '/v1/me', { as: body.access_token })).status).toBe(401)
      }
    }
  })
})

describe('an account that is closed', () => {
  test('while its members are busy answers each of them in one way or the other, and nobody after that', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const ada = await register(t, { account_name: 'Acme' })
      const as = ada.accessToken
      const state = (app: TestApp) => app.call('GET', '/v1/billing/state', { as })
      const refresh = (app: TestApp) =>
        app.call('POST', '/v1/auth/refresh', { body: { refresh_token: ada.refreshToken } })
      const [closed, ...others] = await Promise.all([
        t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: 'Acme' } }),
        ...[t, replica, t, replica].flatMap((app) => [state(app), refresh(app)]),
      ])
      expect(closed.status).toBe(204)
      for (const { status, body } of others)
        expect(status === 200 || (status === 403 && body.code === 'account-closed')).toBe(true)
      const after = await state(t)
      expect([after.status, after.body.code]).toEqual([403, 'account-closed'])
      await expect.poll(async () => (await state(replica)).status, { timeout: 5_000 }).toBe(403)
      const refreshed = await refresh(t)
      expect([refreshed.status, refreshed.body.account]).toEqual([200, null])
    }
  })

  test('many times at once is closed once', async () => {
    const ada = await register(t, { account_name: 'Acme' })
    const close = (app: TestApp) =>
      app.call('DELETE', '/v1/accounts/me', { as: ada.accessToken, body: { confirm: 'Acme' } })
    const replies = await Promise.all(Array.from({ length: 10 }, (_, i) => close(i % 2 ? t : replica)))
    for (const { status } of replies) expect([204, 403]).toContain(status)
    const trail = await t.app.db
      .selectFrom('audit_log')
      .select('id')
      .where('action', '=', 'account.closed')
      .where('account_id', '=', ada.accountId)
      .execute()
    expect(trail).toHaveLength(1)
  })
})

test('a user who is deleted while they create an account leaves none that nobody owns', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const ada = await register(t)
    const create = (app: TestApp) =>
      app.call('POST', '/v1/accounts', { as: ada.accessToken, body: { name: 'Acme' } })
    await Promise.all([create(t), deleteMe(replica, ada), create(replica), create(t)])
    const ownerless = await t.app.db
      .selectFrom('accounts')
      .select('id')
      .where('closed_at', 'is', null)
      .where((e) =>
        e.not(
          e.exists(
            e
              .selectFrom('members')
              .innerJoin('users', 'users.id', 'members.user_id')
              .select('members.user_id')
              .whereRef('members.account_id', '=', 'accounts.id')
              .where('users.deleted_at', 'is', null),
          ),
        ),
      )
      .execute()
    expect(ownerless).toEqual([])
  }
})

test('somebody who never had a trial and creates accounts at once has one trial', async () => {
  for (let round = 0; round < 3; round++) {
    const bob = await newMember(t, await registerVerified(t))
    const replies = await Promise.all(
      [t, replica, t, replica].map((app) =>
        app.call('POST', '/v1/accounts', { as: bob.accessToken, body: { name: 'Own' } }),
      ),
    )
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    const trials = await t.app.db
      .selectFrom('grants')
      .select('id')
      .where('source', '=', 'trial')
      .where(
        'account_id',
        'in',
        replies.map(({ body }) => body.id),
      )
      .execute()
    expect(trials).toHaveLength(1)
  }
})
