import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { invited, newMember, registerInvited } from '../support/invites.ts'
import { entering } from '../support/members.ts'
import { type MirroredFields, mirrored } from '../support/mirrored.ts'
import { type Person, personFrom, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const asRole = (person: Person, role: string) =>
  t.app.pool.query('update members set role = $1 where user_id = $2', [role, person.userId])

async function createAccount(person: Person, name: string): Promise<string> {
  const reply = await t.call('POST', '/v1/accounts', { as: person.accessToken, body: { name } })
  expect(reply.status).toBe(201)
  return reply.body.id
}

describe('listAccounts', () => {
  test('200: the open accounts of the user, the newest first, page by page', async () => {
    const person = await register(t, { account_name: 'First' })
    const created = [person.accountId]
    for (const name of ['Second', 'Third', 'Fourth']) created.unshift(await createAccount(person, name))
    await register(t, { account_name: 'Somebody else’s' })

    const all = await t.call('GET', '/v1/accounts', { as: person.accessToken })
    expect(all.body).toEqual({
      data: [
        { id: created[0], name: 'Fourth', role: 'owner' },
        { id: created[1], name: 'Third', role: 'owner' },
        { id: created[2], name: 'Second', role: 'owner' },
        { id: created[3], name: 'First', role: 'owner' },
      ],
      next_cursor: null,
    })

    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page = await t.call('GET', `/v1/accounts?limit=3${cursor && `&cursor=${cursor}`}`, {
        as: person.accessToken,
      })
      expect(page.body.data.length).toBeLessThanOrEqual(3)
      seen.push(...page.body.data.map(({ id }: { id: string }) => id))
      cursor = page.body.next_cursor
    }
    expect(seen).toEqual(created)
  })

  test('422: a cursor of nobody', async () => {
    const { accessToken } = await register(t)
    for (const cursor of ['x', 'bm90aGluZw', Buffer.from('1e400 x').toString('base64url')]) {
      const reply = await t.call('GET', `/v1/accounts?cursor=${cursor}`, { as: accessToken })
      expect(reply.status).toBe(422)
      expect(reply.body.errors).toEqual([
        { pointer: '#/query/cursor', detail: 'is not a cursor of this list' },
      ])
    }
  })
})

describe('createAccount', () => {
  test('429 after twenty in an hour', async () => {
    const person = await register(t)
    const statuses = []
    for (let i = 0; i < 21; i++) {
      const reply = await t.call('POST', '/v1/accounts', {
        as: person.accessToken,
        body: { name: 'One more' },
      })
      statuses.push(reply.status)
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 201), 429])
  })

  test('201: the caller owns it, and it has no second trial', async () => {
    const person = await registerVerified(t)
    const id = await createAccount(person, '  Side project  ')
    const switched = await t.call('POST', '/v1/auth/switch-account', {
      as: person.accessToken,
      body: { account_id: id },
    })
    expect(switched.body.account).toEqual({ id, name: 'Side project', role: 'owner' })
    const state = await t.call('GET', '/v1/billing/state', { as: switched.body.access_token })
    expect(state.body).toMatchObject({
      account_id: id,
      plan: 'free',
      reason: 'never-subscribed',
      subscription: { status: 'none', trial_ends_at: null },
    })
    const first = await t.call('GET', '/v1/billing/state', { as: person.accessToken })
    expect(first.body).toMatchObject({ account_id: person.accountId, plan: 'pro' })
  })

  test('201: somebody who came by an invite, and never had a trial, has one in the first account of their own', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada)
    const state = async (id: string) => {
      const { accessToken: as } = await entering(t, bob, id)
      return (await t.call('GET', '/v1/billing/state', { as })).body
    }
    const [first, second] = [await createAccount(bob, 'First'), await createAccount(bob, 'Second')]
    const ends = new Date(t.app.now().getTime() + 14 * DAY_SECONDS * 1000).toISOString()
    expect(await state(first)).toMatchObject({
      plan: 'pro',
      reason: 'trial',
      subscription: { status: 'trialing', trial_ends_at: ends },
    })
    expect(await state(second)).toMatchObject({ plan: 'free', subscription: { status: 'none' } })
  })

  test('201: their mailbox has had it then, also when they are deleted and come again', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada)
    await createAccount(bob, 'First')
    await t.call('DELETE', '/v1/me', { as: bob.accessToken, body: {} })
    // By an invite again, and by themselves.
    const { token } = await invited(t, ada, bob.email)
    const again = personFrom(bob.email, await registerInvited(t, bob.email, token))
    const { accessToken: as } = await entering(t, again, await createAccount(again, 'Second'))
    expect((await t.call('GET', '/v1/billing/state', { as })).body.plan).toBe('free')
    await t.call('DELETE', '/v1/me', { as: again.accessToken, body: {} })
    const { accessToken } = await register(t, { email: bob.email })
    expect((await t.call('GET', '/v1/billing/state', { as: accessToken })).body.plan).toBe('free')
  })

  test('201: no trial where none is given', async () => {
    const inviting = await startTestAppWith({})
    const bob = await newMember(inviting, await registerVerified(inviting))
    const without = await startTestAppWith(
      { TRIAL_DAYS: '0', DATABASE_URL: inviting.databaseUrl },
      { work: false },
    )
    const as = bob.accessToken
    expect((await without.call('POST', '/v1/accounts', { as, body: { name: 'Own' } })).status).toBe(201)
    const { rows } = await inviting.app.pool.query('select from trials_taken where user_id = $1', [
      bob.userId,
    ])
    expect(rows).toEqual([])
  })

  test('403: not where people may not create accounts themselves', async () => {
    const open = await startTestAppWith({}, { work: false })
    const person = await register(open)
    const closed = await startTestAppWith(
      { SELF_SERVE_ENABLED: 'false', DATABASE_URL: open.databaseUrl },
      { work: false },
    )
    const reply = await closed.call('POST', '/v1/accounts', { as: person.accessToken, body: { name: 'Two' } })
    expect(reply.status).toBe(403)
    expect(reply.body.code).toBe('self-serve-disabled')
    const list = await open.call('GET', '/v1/accounts', { as: person.accessToken })
    expect(list.body.data).toHaveLength(1)
  })

  test.each(['', '   ', 'x'.repeat(201), 7, null])('422: the name %j', async (name) => {
    const { accessToken } = await register(t)
    const reply = await t.call('POST', '/v1/accounts', { as: accessToken, body: { name } })
    expect(reply.status).toBe(422)
    expect(reply.body.errors[0].pointer).toBe('#/name')
  })
})

describe('getAccount', () => {
  test('200: the account that the token names, with the role in it', async () => {
    const person = await register(t, { account_name: 'Ada & Co' })
    await asRole(person, 'viewer')
    const { body } = await signIn(t, person.email)
    const reply = await t.call('GET', '/v1/accounts/me', { as: body.access_token })
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({
      id: person.accountId,
      name: 'Ada & Co',
      requires_second_factor: false,
      role: 'viewer',
      created_at: t.app.now().toISOString(),
    })
  })
})

describe('changeAccount', () => {
  test('200: the new name shows everywhere at once', async () => {
    const person = await register(t)
    const reply = await t.call('PATCH', '/v1/accounts/me', {
      as: person.accessToken,
      body: { name: ' Renamed ' },
    })
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({ id: person.accountId, name: 'Renamed', role: 'owner' })
    const again = await t.call('GET', '/v1/accounts/me', { as: person.accessToken })
    expect(again.body).toEqual(reply.body)
    const list = await t.call('GET', '/v1/accounts', { as: person.accessToken })
    expect(list.body.data).toMatchObject([{ name: 'Renamed' }])
  })

  test.each([
    ['admin', 200],
    ['member', 403],
    ['viewer', 403],
  ])('%s: %i', async (role, status) => {
    const person = await register(t)
    await asRole(person, role)
    const { body } = await signIn(t, person.email)
    const reply = await t.call('PATCH', '/v1/accounts/me', { as: body.access_token, body: { name: 'Mine' } })
    expect(reply.status).toBe(status)
  })
})

describe('closeAccount', () => {
  const close = (accessToken: string, confirm: string) =>
    t.call('DELETE', '/v1/accounts/me', { as: accessToken, body: { confirm } })

  test('204: its tokens are refused at once, its rows stay, the user does too', async () => {
    const person = await register(t, { account_name: 'Short-lived' })
    expect((await close(person.accessToken, 'Short-lived')).status).toBe(204)
    for (const url of ['/v1/accounts/me', '/v1/billing/state', '/v1/forward-auth']) {
      const refused = await t.call('GET', url, { as: person.accessToken })
      expect(refused.status).toBe(403)
      expect(refused.body.code).toBe('account-closed')
    }
    const me = await t.call('GET', '/v1/me', { as: person.accessToken })
    expect(me.status).toBe(200)
    const list = await t.call('GET', '/v1/accounts', { as: person.accessToken })
    expect(list.body.data).toEqual([])
    const { rows } = await t.app.pool.query('select closed_at, name from accounts where id = $1', [
      person.accountId,
    ])
    expect(rows).toEqual([{ closed_at: t.app.now(), name: 'Short-lived' }])
  })

  test('whoever signs in again is in another of their accounts, or in none, and may create one', async () => {
    const person = await register(t, { account_name: 'Gone' })
    await close(person.accessToken, 'Gone')
    const signedIn = await signIn(t, person.email)
    expect(signedIn.body.account).toBeNull()
    expect(signedIn.body.accounts).toEqual([])
    const id = await createAccount({ ...person, accessToken: signedIn.body.access_token }, 'Anew')
    expect((await signIn(t, person.email)).body.account).toMatchObject({ id })
  })

  test('no trial comes with the account that is created after it', async () => {
    const person = await registerVerified(t, { account_name: 'Trial' })
    await close(person.accessToken, 'Trial')
    await createAccount(person, 'Anew')
    const { body } = await signIn(t, person.email)
    const state = await t.call('GET', '/v1/billing/state', { as: body.access_token })
    expect(state.body).toMatchObject({ plan: 'free', reason: 'never-subscribed' })
  })

  test('nobody is reminded of the end of its trial', async () => {
    const person = await register(t, { account_name: 'Silent' })
    await close(person.accessToken, 'Silent')
    await t.advance(13.5 * DAY_SECONDS)
    const subjects = (await t.mailsTo(person.email)).map(({ subject }) => subject)
    expect(subjects.filter((subject) => subject.includes('trial'))).toEqual([])
  })

  const goesOn: [string, MirroredFields][] = [
    ['on trial', { status: 'trialing' }],
    ['paid', { status: 'active' }],
    ['past due', { status: 'past_due' }],
    ['unpaid', { status: 'unpaid' }],
    ['paused', { status: 'paused' }],
    ['one too many, beside one that is over', { is_shown: false }],
  ]
  test.each(goesOn)('409: with a subscription that goes on: %s', async (_name, fields) => {
    const person = await register(t, { account_name: 'Paying' })
    await mirrored(t, person.accountId, fields)
    const reply = await close(person.accessToken, 'Paying')
    expect(reply.status).toBe(409)
    expect(reply.body).toMatchObject({
      code: 'subscription-live',
      accounts: [{ id: person.accountId, name: 'Paying' }],
    })
    const account = await t.call('GET', '/v1/accounts/me', { as: person.accessToken })
    expect(account.status).toBe(200)
  })

  const comesToAnEnd: [string, MirroredFields][] = [
    ['set to end with the period', { cancel_at_period_end: true }],
    [
      'set to end by the portal',
      { cancel_at: '2100-01-01T00:00:00Z', current_period_end: '2100-01-01T00:00:00Z' },
    ],
    ['over', { status: 'canceled' }],
    ['never begun', { status: 'incomplete' }],
  ]
  test.each(comesToAnEnd)('204: with a subscription that comes to an end: %s', async (_name, fields) => {
    const person = await register(t, { account_name: 'Paying' })
    await mirrored(t, person.accountId, fields)
    expect((await close(person.accessToken, 'Paying')).status).toBe(204)
  })

  test.each(['', 'short-lived', 'Short-lived ', 'Short'])('422: confirmed as %j', async (confirm) => {
    const person = await register(t, { account_name: 'Short-lived' })
    const reply = await close(person.accessToken, confirm)
    expect(reply.status).toBe(422)
    expect(reply.body.code).toBe('confirmation-mismatch')
    expect((await t.call('GET', '/v1/accounts/me', { as: person.accessToken })).status).toBe(200)
  })

  test.each(['admin', 'member', 'viewer'])('403: %s', async (role) => {
    const person = await register(t, { account_name: 'Kept' })
    await asRole(person, role)
    const { body } = await signIn(t, person.email)
    const reply = await close(body.access_token, 'Kept')
    expect(reply.status).toBe(403)
    expect(reply.body.code).toBe('forbidden')
  })
})
