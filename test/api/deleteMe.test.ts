import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { mirrored } from '../support/mirrored.ts'
import { mailedToken, PASSWORD, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const deleteMe = (as: string | undefined, body: object = {}) =>
  t.call('DELETE', '/v1/me', { body, ...(as && { as }) })
const statusOf = async (as: string) => (await t.call('GET', '/v1/me', { as })).status

/** Puts somebody into an account, which takes an invite that is still to come. */
async function join({ accountId }: Person, { userId }: Person, role: string): Promise<void> {
  await t.app.pool.query(
    'insert into members (account_id, user_id, role, created_at) values ($1, $2, $3, $4)',
    [accountId, userId, role, t.app.now()],
  )
}

async function laterTokenOf({ refreshToken }: Person): Promise<string> {
  await t.advance(601)
  const { body } = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })
  return body.access_token
}

describe('204', () => {
  test('all that let the user in is over, and the account nobody else is in is closed', async () => {
    const person = await registerVerified(t)
    const other = await signIn(t, person.email)
    expect((await deleteMe(person.accessToken)).status).toBe(204)
    for (const as of [person.accessToken, other.body.access_token]) expect(await statusOf(as)).toBe(401)
    const body = { refresh_token: other.body.refresh_token }
    expect((await t.call('POST', '/v1/auth/refresh', { body })).status).toBe(401)
    expect((await signIn(t, person.email)).status).toBe(401)
    const trail = await trailOf(t, person.userId)
    const deleted = trail.find(({ action }) => action === 'user.deleted')
    expect(deleted).toMatchObject({ actor_kind: 'user', actor_id: person.userId, ip: '127.0.0.1' })
    expect(JSON.stringify(trail)).not.toContain(person.email)
  })

  test('the address is free again, for a user who has nothing of the old one', async () => {
    const person = await registerVerified(t, { name: 'Ada', account_name: 'Engines' })
    await deleteMe(person.accessToken)
    const again = await register(t, { email: person.email, password: 'another good password' })
    expect(again.userId).not.toBe(person.userId)
    expect(again.accountId).not.toBe(person.accountId)
    const me = await t.call('GET', '/v1/me', { as: again.accessToken })
    expect(me.body).toMatchObject({ name: null, email_verified: false })
    expect((await signIn(t, person.email)).status).toBe(401)
  })

  test('a browser is left without its session cookie', async () => {
    const { accessToken } = await register(t)
    expect(setCookies(await deleteMe(accessToken)).frontgate_session).toMatchObject({ value: '' })
  })

  test('links that were mailed are void', async () => {
    const person = await register(t)
    const token = await mailedToken(t, person.email)
    await deleteMe(person.accessToken)
    const reply = await t.call('POST', '/v1/auth/email/verify', { body: { token } })
    expect(reply.status).toBe(410)
  })

  test('long after signing in, the password does', async () => {
    const as = await laterTokenOf(await register(t))
    expect((await deleteMe(as, { password: PASSWORD })).status).toBe(204)
  })

  test('to the last second of ten minutes the sign-in itself does', async () => {
    const { refreshToken } = await register(t)
    await t.advance(599)
    const { body } = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })
    await t.advance(1)
    expect((await deleteMe(body.access_token)).status).toBe(204)
  })

  test('others keep an account that has another owner, and lose nobody but the one who goes', async () => {
    const [leaving, staying] = [await register(t), await register(t)]
    await join(leaving, staying, 'owner')
    expect((await deleteMe(leaving.accessToken)).status).toBe(204)
    const body = { account_id: leaving.accountId }
    const switched = await t.call('POST', '/v1/auth/switch-account', { as: staying.accessToken, body })
    expect(switched.status).toBe(200)
  })

  test('a member who goes leaves the account as it is', async () => {
    const [owner, member] = [await register(t), await register(t)]
    await join(owner, member, 'member')
    expect((await deleteMe(member.accessToken)).status).toBe(204)
    expect((await t.call('GET', '/v1/accounts/me', { as: owner.accessToken })).status).toBe(200)
  })
})

describe('401', () => {
  test('a wrong password deletes nothing, though the sign-in is recent', async () => {
    const { accessToken, userId } = await register(t)
    const reply = await deleteMe(accessToken, { password: 'not the password' })
    expect(reply.status).toBe(401)
    expect(reply.body.code).toBe('invalid-credentials')
    expect(await statusOf(accessToken)).toBe(200)
    const [entry] = await trailOf(t, userId)
    expect(entry).toMatchObject({ action: 'password.refused', actor_id: userId })
  })

  test('without an access token, and the second of two that meet', async () => {
    expect((await deleteMe(undefined)).status).toBe(401)
    const { accessToken, userId } = await register(t)
    const replies = await Promise.all(Array.from({ length: 5 }, () => deleteMe(accessToken)))
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 401, 401, 401, 401])
    const actions = (await trailOf(t, userId)).map(({ action }) => action)
    expect(actions.filter((action) => action === 'user.deleted')).toHaveLength(1)
  })
})

describe('403', () => {
  test('without the password once the sign-in is ten minutes old, refreshing it makes it no younger', async () => {
    const as = await laterTokenOf(await register(t))
    const reply = await deleteMe(as)
    expect(reply.status).toBe(403)
    expect(reply.body.code).toBe('recent-sign-in-required')
    expect(await statusOf(as)).toBe(200)
  })
})

describe('409', () => {
  test('the only owner of an account that others are in stays, and is told which it is', async () => {
    const [owner, member] = [await register(t, { account_name: 'Engines' }), await register(t)]
    await join(owner, member, 'admin')
    const reply = await deleteMe(owner.accessToken)
    expect(reply.status).toBe(409)
    expect(reply.body).toMatchObject({
      code: 'last-owner',
      accounts: [{ id: owner.accountId, name: 'Engines' }],
    })
    expect(await statusOf(owner.accessToken)).toBe(200)
    expect((await signIn(t, owner.email)).status).toBe(200)
  })

  test('an account that would be closed has a subscription that goes on, and is named', async () => {
    const person = await register(t, { account_name: 'Paying' })
    const { id } = await mirrored(t, person.accountId)
    await t.call('POST', '/v1/accounts', { as: person.accessToken, body: { name: 'Free' } })
    const reply = await deleteMe(person.accessToken)
    expect(reply.status).toBe(409)
    expect(reply.body).toMatchObject({
      code: 'subscription-live',
      accounts: [{ id: person.accountId, name: 'Paying' }],
    })
    expect(await statusOf(person.accessToken)).toBe(200)
    const cancel = 'update subscriptions set cancel_at_period_end = true where stripe_subscription_id = $1'
    await t.app.pool.query(cancel, [id])
    expect((await deleteMe(person.accessToken)).status).toBe(204)
  })

  test('but not an account that somebody else goes on with', async () => {
    const [one, two] = [await register(t), await register(t)]
    await join(one, two, 'owner')
    await mirrored(t, one.accountId)
    expect((await deleteMe(one.accessToken)).status).toBe(204)
  })

  test('of two owners who go at once one stays', async () => {
    const [one, two, member] = [await register(t), await register(t), await register(t)]
    await join(one, two, 'owner')
    await join(one, member, 'member')
    const replies = await Promise.all([deleteMe(one.accessToken), deleteMe(two.accessToken)])
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 409])
  })
})

describe('422', () => {
  test.each([{ password: 7 }, { password: [PASSWORD] }, { confirm: true }])('%j', async (body) => {
    const { accessToken } = await register(t)
    expect((await deleteMe(accessToken, body)).status).toBe(422)
    expect(await statusOf(accessToken)).toBe(200)
  })
})

describe('429', () => {
  test('wrong passwords are counted with those of changing it', async () => {
    const { accessToken } = await register(t)
    for (let i = 0; i < 5; i++) await deleteMe(accessToken, { password: 'not the password' })
    const body = { current_password: 'not the password', new_password: 'another good password' }
    for (let i = 0; i < 5; i++) await t.call('POST', '/v1/auth/password/change', { as: accessToken, body })
    expect((await deleteMe(accessToken, { password: PASSWORD })).status).toBe(429)
  })
})
