import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { accept, invited, membersOf, seatsOf, sendInvite } from '../support/invites.ts'
import { type OauthApp, startOauthApp } from '../support/oauthApp.ts'
import {
  answerOf,
  atGoogle,
  atMicrosoft,
  comeBy,
  errorOf,
  isSignedIn,
  tokensOf,
} from '../support/oauthPeople.ts'
import { mailedToken, newAddress, PASSWORD, type Person, registerVerified } from '../support/people.ts'
import { endGrant, giveGrant } from '../support/staff.ts'

let t: OauthApp
let owner: Person
beforeAll(async () => {
  t = await startOauthApp()
})
beforeEach(async () => {
  owner = await registerVerified(t, { account_name: 'Engines' })
})
afterAll(() => t?.close())

test('a user who signed up with Google and is invited elsewhere comes by Microsoft: one user, two identities, two accounts', async () => {
  const email = newAddress('invitee')
  const first = t.browser()
  await comeBy(first, 'google', atGoogle(t, { email }))
  const { user } = await tokensOf(t, first)

  const { token } = await invited(t, owner, email, 'admin')
  const second = t.browser()
  const page = await comeBy(second, 'microsoft', atMicrosoft(t, { email }), { invite_token: token })
  expect(errorOf(page)).toBeNull()
  const tokens = await tokensOf(t, second)
  expect(tokens.user.id).toBe(user.id)
  // It goes on in the account that they came for.
  expect(tokens.account).toMatchObject({ id: owner.accountId, name: 'Engines', role: 'admin' })
  expect(tokens.accounts).toHaveLength(2)
  const { body } = await t.call('GET', '/v1/me/identities', { as: tokens.access_token })
  expect(body.data.map(({ provider }: { provider: string }) => provider)).toEqual(['microsoft', 'google'])
})

test('somebody new who holds the link is verified by it, and joins without an account or a trial of their own', async () => {
  const email = newAddress('invitee')
  const { token } = await invited(t, owner, email)
  const browser = t.browser()
  // Microsoft vouches for nothing: that the link was mailed to this address does.
  await comeBy(browser, 'microsoft', atMicrosoft(t, { email, xms_edov: undefined }), { invite_token: token })
  const { user, accounts, access_token } = await tokensOf(t, browser)
  expect(user).toMatchObject({ email, email_verified: true })
  expect(accounts).toEqual([{ id: owner.accountId, name: 'Engines', role: 'member' }])
  expect(await seatsOf(t, owner)).toMatchObject({ used: 2, pending: 0 })
  expect((await accept(t, { accessToken: access_token } as Person, token)).body.code).toBe('token-used')
})

test('somebody who holds a link that was forwarded leaves the mailbox a way to take the user back', async () => {
  const email = newAddress('invitee')
  const { token } = await invited(t, owner, email)
  const holder = t.browser()
  await comeBy(holder, 'microsoft', atMicrosoft(t, { email, xms_edov: undefined }), { invite_token: token })
  await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: '127.48.0.1' })
  const body = { token: await mailedToken(t, email), password: PASSWORD }
  expect((await t.call('POST', '/v1/auth/password/reset', { body })).status).toBe(204)
  expect(await isSignedIn(t, holder)).toBe(false)
})

test('works where strangers may not create accounts, and where nothing may say that an address is known', async () => {
  const email = newAddress('invitee')
  const { token } = await invited(t, owner, email)
  const { config } = t.app
  Object.assign(config, { selfServeEnabled: false, registrationPrivacy: 'strict' })
  try {
    const browser = t.browser()
    const person = atMicrosoft(t, { email, xms_edov: undefined })
    expect(errorOf(await comeBy(browser, 'microsoft', person, { invite_token: token }))).toBeNull()
    expect((await tokensOf(t, browser)).account.id).toBe(owner.accountId)
    const stranger = t.browser()
    expect(errorOf(await comeBy(stranger, 'google', atGoogle(t)))).toBe('self-serve-disabled')
  } finally {
    Object.assign(config, { selfServeEnabled: true, registrationPrivacy: 'open' })
  }
})

test('the link is nothing in the hands of somebody with another address', async () => {
  const { token } = await invited(t, owner, newAddress('invitee'))
  const stranger = t.browser()
  const page = await comeBy(stranger, 'google', atGoogle(t), { invite_token: token, return_to: '/billing' })
  expect(errorOf(page)).toBe('invite-for-another-address')
  expect(new URL(page.url).searchParams.get('return_to')).toBe('/billing')
  expect(new URL(page.url).searchParams.has('invite_token')).toBe(false)
  expect(await isSignedIn(t, stranger)).toBe(false)

  const known = t.browser()
  const person = atGoogle(t)
  await comeBy(known, 'google', person)
  expect(errorOf(await comeBy(known, 'google', person, { invite_token: token }))).toBe(
    'invite-for-another-address',
  )
  expect(Object.keys(await membersOf(t, owner.accountId))).toEqual([owner.userId])
})

test('the link does not join an identity that nobody vouches for to the user who has the address', async () => {
  const invitee = await registerVerified(t)
  const { token } = await invited(t, owner, invitee.email)
  const attacker = t.browser()
  const person = atMicrosoft(t, { email: invitee.email, xms_edov: undefined })
  expect(errorOf(await comeBy(attacker, 'microsoft', person, { invite_token: token }))).toBe(
    'email-already-registered',
  )
  expect((await accept(t, invitee, token)).status).toBe(200)
})

test('no seat is found by the way of a provider, and nobody is made; once there is one the link still works', async () => {
  const grant = await giveGrant(t, owner.accountId, { source: 'complimentary', plan: 'enterprise' })
  const email = newAddress('invitee')
  const { token } = await invited(t, owner, email)
  await t.app.pool.query(
    `insert into members (account_id, user_id, role, created_at)
     select $1, id, 'viewer', $2 from users order by created_at, id limit 4`,
    [owner.accountId, t.app.now()],
  )
  await endGrant(t, grant)
  const person = atGoogle(t, { email })
  const full = t.browser()
  expect(errorOf(await comeBy(full, 'google', person, { invite_token: token }))).toBe('seat-limit-reached')
  expect(await isSignedIn(t, full)).toBe(false)
  expect((await sendInvite(t, owner, newAddress())).status).toBe(402)
  await giveGrant(t, owner.accountId, { source: 'complimentary', plan: 'enterprise' })
  const browser = t.browser()
  expect(errorOf(await comeBy(browser, 'google', person, { invite_token: token }))).toBeNull()
  expect((await tokensOf(t, browser)).accounts).toMatchObject([{ id: owner.accountId }])
})

test('a link that opens nothing any more says so, and leaves the invite behind', async () => {
  const email = newAddress('invitee')
  const { id, token } = await invited(t, owner, email)
  await t.call('DELETE', `/v1/accounts/me/invites/${id}`, { as: owner.accessToken })
  const browser = t.browser()
  const person = atGoogle(t, { email })
  const page = await comeBy(browser, 'google', person, { invite_token: token })
  expect(errorOf(page)).toBe('token-canceled')
  expect(new URL(page.url).searchParams.has('invite_token')).toBe(false)
  // Without it they come in as anybody would.
  await comeBy(browser, 'google', person)
  expect((await tokensOf(t, browser)).accounts).toHaveLength(1)
})

test('whoever comes with one link in two tabs at once joins once', async () => {
  const email = newAddress('invitee')
  const { token } = await invited(t, owner, email)
  const person = atGoogle(t, { email })
  const browsers = [t.browser(), t.browser()]
  const answers = await Promise.all(
    browsers.map((browser) => answerOf(browser, 'google', person, { invite_token: token })),
  )
  const outcomes = await Promise.all(
    browsers.map(async (browser, i) => errorOf(await browser.open(String(answers[i])))),
  )
  expect(outcomes.sort()).toEqual([null, 'token-used'])
  expect(Object.keys(await membersOf(t, owner.accountId))).toHaveLength(2)
})
