import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changedEmail } from '../support/emailChanges.ts'
import {
  accept,
  invited,
  membersOf,
  newMember,
  registerInvited,
  seatsOf,
  sendInvite,
} from '../support/invites.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { newAddress, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS, endGrant, giveGrant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import { actionsOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const preview = (token: string) => t.call('POST', '/v1/invites/preview', { body: { token } })
const me = async ({ accessToken: as }: Pick<Person, 'accessToken'>) =>
  (await t.call('GET', '/v1/me', { as })).body
const setRole = (person: Person, accountId: string, role: string) =>
  t.app.pool.query('update members set role = $1 where user_id = $2 and account_id = $3', [
    role,
    person.userId,
    accountId,
  ])

describe('previewInvite', () => {
  test('200: what is offered, to whom and by whom, as often as it is asked', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines', name: 'Ada' })
    const email = newAddress('bob')
    const { token } = await invited(t, ada, email, 'admin')
    for (let i = 0; i < 2; i++) {
      const { status, body } = await preview(token)
      expect(status).toBe(200)
      expect(body).toEqual({
        account_name: 'Engines',
        role: 'admin',
        email,
        invited_by: 'Ada',
        expires_at: new Date(t.app.now().getTime() + 7 * DAY_SECONDS * 1000).toISOString(),
      })
    }
  })

  test('404: a token of nobody’s, and one for another purpose', async () => {
    const { email } = await register(t)
    for (const token of ['x'.repeat(43), await tokenFor(t, '/verify-email', email)])
      expect((await preview(token)).body.code).toBe('token-unknown')
  })

  test('404: a token that was tampered with; nothing else than the token says what is offered', async () => {
    const ada = await registerVerified(t)
    const bob = await registerVerified(t)
    const { id, token } = await invited(t, ada, bob.email)
    const tampered = `${token.slice(0, -1)}${token.endsWith('A') ? 'E' : 'A'}`
    for (const wrong of [tampered, token.toLowerCase(), id]) {
      expect((await preview(wrong)).body.code).toBe('token-unknown')
      expect((await accept(t, bob, wrong)).body.code).toBe('token-unknown')
    }
    for (const more of [{ role: 'owner' }, { account_id: bob.accountId }, { email: ada.email }]) {
      const body = { token, ...more }
      const reply = await t.call('POST', '/v1/invites/accept', { as: bob.accessToken, body })
      expect(reply.status).toBe(422)
    }
  })

  test('410: what is void says why, and neither the account nor the people', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines', name: 'Ada' })
    const [bob, eve, joe] = [await registerVerified(t), await registerVerified(t), newAddress('joe')]
    const superseded = await invited(t, ada, bob.email)
    const used = await invited(t, ada, bob.email)
    await accept(t, bob, used.token)
    const revoked = await invited(t, ada, eve.email)
    await t.call('DELETE', `/v1/accounts/me/invites/${revoked.id}`, { as: ada.accessToken })
    const renewed = await invited(t, ada, joe)
    await invited(t, ada, joe)
    for (const [{ token }, code] of [
      [superseded, 'token-used'],
      [used, 'token-used'],
      [revoked, 'token-canceled'],
      [renewed, 'token-superseded'],
    ] as const) {
      for (const reply of [await preview(token), await accept(t, eve, token)]) {
        expect([reply.status, reply.body.code]).toEqual([410, code])
        for (const known of ['Engines', 'Ada', '@', ada.accountId]) expect(reply.text).not.toContain(known)
      }
    }
  })
})

describe('acceptInvite', () => {
  test('200: the user is a member at once, and the seat that was held is taken', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const bob = await registerVerified(t)
    const { token } = await invited(t, ada, bob.email, 'viewer')
    const reply = await accept(t, bob, token)
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({ account: { id: ada.accountId, name: 'Engines', role: 'viewer' } })
    const { body } = await t.call('GET', '/v1/accounts', { as: bob.accessToken })
    expect(body.data).toContainEqual(reply.body.account)
    const entered = await t.call('POST', '/v1/auth/switch-account', {
      as: bob.accessToken,
      body: { account_id: ada.accountId },
    })
    expect(entered.body.account).toEqual(reply.body.account)
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 0 })
  })

  test('200: an unverified user whose address it is is verified by it', async () => {
    const ada = await registerVerified(t)
    const bob = await register(t)
    const verification = await tokenFor(t, '/verify-email', bob.email)
    const { token } = await invited(t, ada, bob.email)
    expect((await accept(t, bob, token)).status).toBe(200)
    expect((await me(bob)).email_verified).toBe(true)
    expect(await actionsOf(t, bob.userId)).toContain('email.verified')
    const late = await t.call('POST', '/v1/auth/email/verify', { body: { token: verification } })
    expect(late.body.code).toBe('token-superseded')
  })

  test.each([
    ['viewer', 'admin', 'admin'],
    ['admin', 'viewer', 'admin'],
  ])('200: a %s who was invited as %s is %s, in one row', async (own, offered, becomes) => {
    const ada = await registerVerified(t)
    const bob = await registerVerified(t)
    const { token } = await invited(t, ada, bob.email, offered)
    await t.app.pool.query(
      'insert into members (account_id, user_id, role, created_at) values ($1, $2, $3, $4)',
      [ada.accountId, bob.userId, own, t.app.now()],
    )
    expect((await accept(t, bob, token)).body.account.role).toBe(becomes)
    expect(await membersOf(t, ada.accountId)).toEqual({ [ada.userId]: 'owner', [bob.userId]: becomes })
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 0 })
  })

  test('403: the address of somebody else, and the invite stays', async () => {
    const ada = await registerVerified(t)
    const [bob, eve] = [await registerVerified(t), await registerVerified(t)]
    const { token } = await invited(t, ada, bob.email)
    for (const other of [eve, ada]) {
      const reply = await accept(t, other, token)
      expect([reply.status, reply.body.code]).toEqual([403, 'invite-for-another-address'])
      expect(reply.text).not.toContain(bob.email)
    }
    expect((await accept(t, bob, token)).status).toBe(200)
  })

  test('402: when the plan has shrunk below the members that are there, who all stay; once it grows the invite still works', async () => {
    const ada = await registerVerified(t)
    for (let i = 0; i < 3; i++) await newMember(t, ada)
    const grant = await giveGrant(t, ada.accountId, { source: 'complimentary', plan: 'pro' })
    await t.advance(13 * DAY_SECONDS)
    const bob = await registerVerified(t)
    ada.accessToken = (await signIn(t, ada.email)).body.access_token
    const { token } = await invited(t, ada, bob.email)
    await t.advance(DAY_SECONDS)
    await endGrant(t, grant)
    bob.accessToken = (await signIn(t, bob.email)).body.access_token
    const refused = await accept(t, bob, token)
    expect(refused.status).toBe(402)
    expect(refused.body).toMatchObject({ code: 'seat-limit-reached', limit: 3, used: 4 })
    expect((await preview(token)).status).toBe(200)
    expect(Object.keys(await membersOf(t, ada.accountId))).toHaveLength(4)
    ada.accessToken = (await signIn(t, ada.email)).body.access_token
    expect((await sendInvite(t, ada, newAddress())).body).toMatchObject({ code: 'seat-limit-reached' })
    await giveGrant(t, ada.accountId, { source: 'complimentary', plan: 'team' })
    expect((await accept(t, bob, token)).status).toBe(200)
  })

  test('410: used, expired, or of a closed account', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const people = [await registerVerified(t), await registerVerified(t)] as const
    const used = await invited(t, ada, people[0].email)
    const open = await invited(t, ada, people[1].email)
    await accept(t, people[0], used.token)
    expect((await accept(t, people[0], used.token)).body.code).toBe('token-used')
    await t.call('DELETE', '/v1/accounts/me', { as: ada.accessToken, body: { confirm: 'Engines' } })
    expect((await accept(t, people[1], open.token)).body.code).toBe('token-canceled')

    const [eve, bob] = [await registerVerified(t), await registerVerified(t)]
    const late = await invited(t, eve, bob.email)
    await t.advance(7 * DAY_SECONDS - 1)
    expect((await preview(late.token)).status).toBe(200)
    await t.advance(1)
    bob.accessToken = (await signIn(t, bob.email)).body.access_token
    const reply = await accept(t, bob, late.token)
    expect([reply.status, reply.body.code]).toEqual([410, 'token-expired'])
  })

  test('410: whoever sent it may not invite like that any more; until they may again', async () => {
    const ada = await registerVerified(t)
    const admin = await newMember(t, ada, 'admin')
    const bob = await registerVerified(t)
    const { token } = await invited(t, admin, bob.email, 'admin')
    await setRole(admin, ada.accountId, 'member')
    expect((await accept(t, bob, token)).body.code).toBe('token-canceled')
    await setRole(admin, ada.accountId, 'admin')
    expect((await accept(t, bob, token)).status).toBe(200)
  })

  test('410: whoever sent it is no member any more', async () => {
    const ada = await registerVerified(t)
    const admin = await newMember(t, ada, 'admin')
    const bob = await registerVerified(t)
    const { token } = await invited(t, admin, bob.email)
    await t.app.pool.query('delete from members where user_id = $1', [admin.userId])
    expect((await accept(t, bob, token)).body.code).toBe('token-canceled')
  })

  test('a stranger who registers the invited address joins nothing without the link, verified or not', async () => {
    const ada = await registerVerified(t)
    const email = newAddress('bob')
    await invited(t, ada, email)
    const stranger = await register(t, { email })
    const accountsOf = async ({ accessToken: as }: Person) =>
      (await t.call('GET', '/v1/accounts', { as })).body.data.map(({ id }: { id: string }) => id)
    expect(await accountsOf(stranger)).toEqual([stranger.accountId])
    const bare = await t.call('POST', '/v1/invites/accept', { as: stranger.accessToken, body: {} })
    expect(bare.status).toBe(422)
    const entry = { as: stranger.accessToken, body: { account_id: ada.accountId } }
    expect((await t.call('POST', '/v1/auth/switch-account', entry)).status).toBe(404)
    await t.call('POST', '/v1/auth/email/verify', {
      body: { token: await tokenFor(t, '/verify-email', email) },
    })
    expect(await accountsOf(stranger)).toEqual([stranger.accountId])
    // Nor does anybody else whose mailbox has the same domain.
    const neighbour = await registerVerified(t)
    expect(await accountsOf(neighbour)).toEqual([neighbour.accountId])
    expect(await seatsOf(t, ada)).toMatchObject({ used: 1, pending: 1 })
  })
})

describe('a member who has changed to an address that an invite is out to', () => {
  test('takes one seat: theirs', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada)
    const newEmail = newAddress('bob')
    const { id } = await invited(t, ada, newEmail)
    for (let i = 0; i < 2; i++) await sendInvite(t, ada, newAddress())
    expect((await sendInvite(t, ada, newAddress())).status).toBe(402)
    await changedEmail(t, bob, newEmail)
    expect(await seatsOf(t, bob)).toMatchObject({ used: 2, pending: 2, limit: 5 })
    expect((await sendInvite(t, ada, newEmail)).body.code).toBe('already-member')
    const again = await t.call('POST', `/v1/accounts/me/invites/${id}/resend`, { as: ada.accessToken })
    expect(again.body.code).toBe('already-member')
    expect((await sendInvite(t, ada, newAddress())).status).toBe(201)
    const full = await sendInvite(t, ada, newAddress())
    expect(full.body).toMatchObject({ code: 'seat-limit-reached', used: 5, limit: 5 })
    // It can be taken back, which frees nothing more.
    const revoked = await t.call('DELETE', `/v1/accounts/me/invites/${id}`, { as: ada.accessToken })
    expect(revoked.status).toBe(204)
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 3 })
  })

  test('accepts it at the limit, and has the higher role, in one row', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada, 'viewer')
    const newEmail = newAddress('bob')
    const { token } = await invited(t, ada, newEmail, 'admin')
    await changedEmail(t, bob, newEmail)
    for (let i = 0; i < 3; i++) expect((await sendInvite(t, ada, newAddress())).status).toBe(201)
    const reply = await accept(t, bob, token)
    expect([reply.status, reply.body.account?.role]).toEqual([200, 'admin'])
    expect(await membersOf(t, ada.accountId)).toEqual({ [ada.userId]: 'owner', [bob.userId]: 'admin' })
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 3 })
  })
})

describe('register with an invite', () => {
  test('201: verified, a member of that account alone, without a trial or another mail', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const email = newAddress('bob')
    const { token } = await invited(t, ada, email, 'admin')
    const reply = await registerInvited(t, email, token, { name: 'Bob' })
    expect(reply.status).toBe(201)
    const account = { id: ada.accountId, name: 'Engines', role: 'admin' }
    expect(reply.body).toMatchObject({
      user: { email, name: 'Bob', email_verified: true },
      account,
      accounts: [account],
    })
    expect(await t.mailsTo(email)).toHaveLength(1)
    const { rows } = await t.app.pool.query('select from trials_taken where user_id = $1', [
      reply.body.user.id,
    ])
    expect(rows).toEqual([])
    expect((await registerInvited(t, newAddress(), token)).body.code).toBe('token-used')
  })

  test.each([
    [{ SELF_SERVE_ENABLED: 'false' }, { account_name: 'Engines' }],
    [{ REGISTRATION_PRIVACY: 'strict' }, {}],
  ])('201: with %j', async (settings, fields) => {
    const inviting = await startTestAppWith({})
    const ada = await registerVerified(inviting)
    const email = newAddress('bob')
    const { token } = await invited(inviting, ada, email)
    const closed = await startTestAppWith(
      { ...settings, DATABASE_URL: inviting.databaseUrl },
      { work: false },
    )
    const reply = await registerInvited(closed, email, token, fields)
    expect(reply.status).toBe(201)
    expect(reply.body.account.id).toBe(ada.accountId)
    const again = await registerInvited(closed, email, token)
    expect([again.status, again.body.code]).toEqual([410, 'token-used'])
  })

  test('403: with another address', async () => {
    const ada = await registerVerified(t)
    const { token } = await invited(t, ada, newAddress('bob'))
    const other = newAddress('eve')
    expect((await registerInvited(t, other, token)).body.code).toBe('invite-for-another-address')
    expect((await signIn(t, other)).status).toBe(401)
  })

  test('404 and 410: with a link that opens nothing', async () => {
    const ada = await registerVerified(t)
    const email = newAddress('bob')
    const { token } = await invited(t, ada, email)
    await invited(t, ada, email)
    expect((await registerInvited(t, email, 'x')).body.code).toBe('token-unknown')
    expect((await registerInvited(t, email, token)).body.code).toBe('token-superseded')
  })

  test('409: somebody who is registered signs in, and the invite stays', async () => {
    const ada = await registerVerified(t)
    const bob = await registerVerified(t)
    const { token } = await invited(t, ada, bob.email)
    const reply = await registerInvited(t, bob.email, token)
    expect([reply.status, reply.body.code]).toEqual([409, 'email-already-registered'])
    expect((await accept(t, bob, token)).status).toBe(200)
  })

  test('422: a weak password leaves the invite as it was', async () => {
    const ada = await registerVerified(t)
    const email = newAddress('bob')
    const { token } = await invited(t, ada, email)
    expect((await registerInvited(t, email, token, { password: 'short' })).status).toBe(422)
    expect((await registerInvited(t, email, token)).status).toBe(201)
  })
})
