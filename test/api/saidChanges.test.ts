import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyCatalogue } from '../../src/catalogue/applyCatalogue.ts'
import { readCatalogueFile } from '../../src/catalogue/catalogueFile.ts'
import { inTx } from '../../src/db/transaction.ts'
import { importFile } from '../../src/imports/importFile.ts'
import { grandfather } from '../../src/operators/grandfather.ts'
import { buyer, checkout, pay, subscriptionOf } from '../support/buyers.ts'
import {
  changedEmail,
  changing,
  confirmEmailChange,
  oldTokenOf,
  refuseEmailChange,
} from '../support/emailChanges.ts'
import { addTotp, nextCode, registerWithTotp, requireFactor } from '../support/factors.ts'
import { accept, invited, newMember } from '../support/invites.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { changeRole, leave, removeMember, transfer } from '../support/members.ts'
import { type OauthApp, providerSettings, serveProviders, withProvidersAt } from '../support/oauthApp.ts'
import { atGoogle, comeBy } from '../support/oauthPeople.ts'
import {
  mailedToken,
  newAddress,
  operatorToken,
  PASSWORD,
  type Person,
  register,
  registerVerified,
  signIn,
} from '../support/people.ts'
import { productKey, revokeProductKey } from '../support/productKeys.ts'
import { DAY_SECONDS, endGrant, giveGrant, instant, setOverride } from '../support/staff.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'
import { changedBy, unsaidWrites, watchWriters } from '../support/writers.ts'

let t: StripeApp & OauthApp
beforeAll(async () => {
  const served = await serveProviders()
  const { fetch } = served.providers
  t = withProvidersAt(
    await startStripeApp({ ...providerSettings, SESSIONS_PER_USER: '3' }, { fetch }),
    served,
  )
  await watchWriters(t)
})
afterAll(() => t.close())

const NEW_PASSWORD = 'quite another staple battery'
const ofAccount = ({ accountId }: Person) => `account:${accountId}`
const ofUser = ({ userId }: Person) => `user:${userId}`
const ofSession = ({ accessToken }: Person) => `session:${decodeJwt(accessToken).sid}`
const post = (url: string, { accessToken: as }: Person, body = {}) => t.call('POST', url, { as, body })
const nameOf = async ({ accessToken: as }: Person) =>
  (await t.call('GET', '/v1/accounts/me', { as })).body.name
const close = async (person: Person) =>
  t.call('DELETE', '/v1/accounts/me', { as: person.accessToken, body: { confirm: await nameOf(person) } })
const operate = async (method: 'POST' | 'DELETE', path: string, body: object) =>
  t.call(method, `/v1/operator/accounts/${path}`, { as: await operatorToken(t), body })
const complimentary = { source: 'complimentary', plan: 'team' }

/** An act that is prepared, and of whom it changes something. */
type Prepared = [act: () => Promise<unknown>, ...subjects: string[]]

const acts: Record<string, () => Promise<Prepared>> = {
  async 'a verified mailbox'() {
    const person = await register(t)
    const token = await mailedToken(t, person.email)
    return [() => t.call('POST', '/v1/auth/email/verify', { body: { token } }), ofUser(person)]
  },
  async 'a trial that ends since its mailbox has had one'() {
    const email = newAddress()
    const before = await registerVerified(t, { email })
    await t.call('DELETE', '/v1/me', { as: before.accessToken, body: { password: PASSWORD } })
    const again = await register(t, { email })
    const token = await mailedToken(t, email)
    return [() => t.call('POST', '/v1/auth/email/verify', { body: { token } }), ofUser(again)]
  },
  async 'another name'() {
    const person = await register(t)
    return [
      () => t.call('PATCH', '/v1/me', { as: person.accessToken, body: { name: 'Grace' } }),
      ofUser(person),
    ]
  },
  async 'a changed address'() {
    const asked = await changing(t)
    await confirmEmailChange(t, asked.token)
    const token = await oldTokenOf(t, asked)
    return [() => confirmEmailChange(t, token), ofUser(asked.person)]
  },
  async 'an address that is taken back'() {
    const { person, token } = await changedEmail(t)
    return [() => refuseEmailChange(t, token), ofUser(person)]
  },
  async 'a first second factor'() {
    const person = await registerVerified(t)
    return [() => addTotp(t, person), ofUser(person), ofSession(person)]
  },
  async 'a last second factor that goes'() {
    const person = await registerWithTotp(t)
    return [() => t.call('DELETE', '/v1/me/factors/totp', { as: person.accessToken }), ofUser(person)]
  },
  async 'a second factor that proves a running session'() {
    const holder = await registerWithTotp(t)
    const code = nextCode(t, holder)
    return [() => post('/v1/me/factors/prove', holder, { code }), ofSession(holder)]
  },
  async 'an account that asks for a second factor'() {
    const owner = await registerWithTotp(t)
    return [() => requireFactor(t, owner.accessToken), ofAccount(owner)]
  },
  async 'a sign-out'() {
    const person = await register(t)
    return [() => post('/v1/auth/logout', person), ofSession(person)]
  },
  async 'a sign-out everywhere'() {
    const person = await register(t)
    return [() => post('/v1/auth/logout-all', person), ofUser(person)]
  },
  async 'a revoked session'() {
    const person = await register(t)
    const { body } = await signIn(t, person.email)
    const url = `/v1/auth/sessions/${decodeJwt(person.accessToken).sid}`
    return [() => t.call('DELETE', url, { as: body.access_token }), ofSession(person)]
  },
  async 'a refresh token that was used before'() {
    const person = await register(t)
    const refresh = () => t.call('POST', '/v1/auth/refresh', { body: { refresh_token: person.refreshToken } })
    await refresh()
    t.moveClock(60)
    return [refresh, ofSession(person)]
  },
  async 'a session beyond the limit'() {
    const person = await register(t)
    for (let i = 0; i < 2; i++) await signIn(t, person.email)
    t.moveClock(1)
    return [() => signIn(t, person.email), ofSession(person)]
  },
  async 'a changed password'() {
    const person = await register(t)
    const body = { current_password: PASSWORD, new_password: NEW_PASSWORD }
    return [() => post('/v1/auth/password/change', person, body), ofUser(person)]
  },
  async 'a reset password'() {
    const person = await registerVerified(t)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email: person.email } })
    const token = await tokenFor(t, '/reset-password', person.email)
    const body = { token, password: NEW_PASSWORD }
    return [() => t.call('POST', '/v1/auth/password/reset', { body }), ofUser(person)]
  },
  async 'another current account'() {
    const person = await registerVerified(t)
    const { body } = await post('/v1/accounts', person, { name: 'Second' })
    return [() => post('/v1/auth/switch-account', person, { account_id: body.id }), ofSession(person)]
  },
  async 'a new account'() {
    const person = await registerVerified(t)
    return [() => post('/v1/accounts', person, { name: 'Second' }), ofUser(person)]
  },
  async 'a deleted user'() {
    const owner = await registerVerified(t)
    const person = await newMember(t, owner)
    const act = () => t.call('DELETE', '/v1/me', { as: person.accessToken, body: { password: PASSWORD } })
    return [act, ofUser(person), ofAccount(owner)]
  },
  async 'a registration that is disowned'() {
    const person = await register(t)
    const token = await mailedToken(t, person.email)
    const act = () => t.call('POST', '/v1/auth/email/disown', { body: { token } })
    return [act, ofUser(person), ofAccount(person)]
  },
  async 'an address that its owner takes from a squatter'() {
    const squatter = await register(t)
    const act = () => comeBy(t.browser(), 'google', atGoogle(t, { email: squatter.email }))
    return [act, ofUser(squatter), ofAccount(squatter)]
  },
  async 'a user who is taken over in the browser that registered them'() {
    const person = await register(t)
    const browser = t.browser()
    const device = Object.entries(person.cookies).map(([name, value]) => `${name}=${value}; Path=/`)
    browser.cookies.take(new URL(t.app.config.publicUrl), device)
    return [() => comeBy(browser, 'google', atGoogle(t, { email: person.email })), ofUser(person)]
  },
  async 'a new member'() {
    const [owner, person] = [await registerVerified(t), await registerVerified(t)]
    const { token } = await invited(t, owner, person.email)
    return [() => accept(t, person, token), ofUser(person), ofAccount(owner)]
  },
  async 'another role'() {
    const owner = await registerVerified(t)
    const person = await newMember(t, owner)
    return [() => changeRole(t, owner, person, 'viewer'), ofUser(person)]
  },
  async 'a removed member'() {
    const owner = await registerVerified(t)
    const person = await newMember(t, owner)
    return [() => removeMember(t, owner, person), ofUser(person), ofAccount(owner)]
  },
  async 'a member who leaves'() {
    const owner = await registerVerified(t)
    const person = await newMember(t, owner)
    return [() => leave(t, person), ofUser(person), ofAccount(owner)]
  },
  async 'another owner'() {
    const owner = await registerVerified(t)
    const person = await newMember(t, owner)
    return [() => transfer(t, owner, person), ofUser(person), ofUser(owner)]
  },
  async 'a renamed account'() {
    const person = await register(t)
    const act = () =>
      t.call('PATCH', '/v1/accounts/me', { as: person.accessToken, body: { name: 'Engines' } })
    return [act, ofAccount(person)]
  },
  async 'a closed account'() {
    const person = await register(t)
    return [() => close(person), ofAccount(person)]
  },
  async 'a reopened account'() {
    const person = await register(t)
    await close(person)
    return [() => post(`/v1/accounts/${person.accountId}/reopen`, person), ofAccount(person)]
  },
  async 'an account that an operator reopens'() {
    const person = await register(t)
    await close(person)
    return [() => operate('POST', `${person.accountId}/reopen`, { reason: 'By mistake' }), ofAccount(person)]
  },
  async 'a grant'() {
    const person = await register(t)
    return [() => giveGrant(t, person.accountId, complimentary), ofAccount(person)]
  },
  async 'a trial that is extended'() {
    const person = await register(t)
    const until = instant(t, 40 * DAY_SECONDS)
    return [() => giveGrant(t, person.accountId, { source: 'trial', plan: 'pro', until }), ofAccount(person)]
  },
  async 'a grant that is ended'() {
    const person = await register(t)
    const id = await giveGrant(t, person.accountId, complimentary)
    return [() => endGrant(t, id), ofAccount(person)]
  },
  async 'a grandfathered account'() {
    const person = await register(t)
    t.moveClock(2 * DAY_SECONDS)
    const order = { before: t.app.now(), plan: 'team', until: null, reason: 'Here before' }
    return [() => grandfather(t.app, order), ofAccount(person)]
  },
  async 'a feature of its own'() {
    const person = await register(t)
    return [() => setOverride(t, person.accountId, 'features/flowpilot', false), ofAccount(person)]
  },
  async 'a limit of its own'() {
    const person = await register(t)
    return [() => setOverride(t, person.accountId, 'limits/members', 3), ofAccount(person)]
  },
  async 'a feature of its own that is taken back'() {
    const person = await register(t)
    await setOverride(t, person.accountId, 'features/flowpilot', false)
    const act = () => operate('DELETE', `${person.accountId}/features/flowpilot`, { reason: 'Over' })
    return [act, ofAccount(person)]
  },
  async 'a plan that is paid for'() {
    const person = await registerVerified(t)
    const { body } = await checkout(t, person)
    const act = async () => {
      pay(t, body.id)
      await t.flush()
    }
    return [act, ofAccount(person)]
  },
  async 'a subscription that ends at Stripe'() {
    const person = await buyer(t, { trial: true })
    const { id } = await subscriptionOf(t, person)
    const act = async () => {
      await t.sdk.subscriptions.cancel(id)
      await t.flush()
    }
    return [act, ofAccount(person)]
  },
  async 'a product key that is revoked'() {
    const { id } = await productKey(t)
    return [() => revokeProductKey(t, id), `product-key:${id}`]
  },
  async 'another catalogue'() {
    const file = await readCatalogueFile(t.app.config.catalogueFile)
    const [first, ...others] = file.plans
    if (!first) throw new Error('The catalogue is empty')
    const changed = { ...file, plans: [{ ...first, description: 'Other words' }, ...others] }
    return [() => inTx(t.app, (tx) => applyCatalogue(tx, changed, t.app.now())), 'catalogue']
  },
  async 'an import'() {
    const folder = await mkdtemp(join(tmpdir(), 'frontgate-import-'))
    const file = join(folder, 'users.jsonl')
    const follow = async (...lines: object[]) => {
      await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'))
      await importFile(t.app, file, { onRefused: () => {} })
    }
    const [account, user] = [`acc ${newAddress()}`, newAddress()]
    const members = [{ account, role: 'owner', trial: 'begins' }]
    await follow({ type: 'account', id: account, name: 'Old' }, { type: 'user', id: user, email: user })
    const { rows } = await t.app.pool.query(
      'select user_id, account_id from imported where external_id = any($1)',
      [[account, user]],
    )
    const ids = rows.flatMap(({ user_id, account_id }) => [
      ...(user_id ? [`user:${user_id}`] : []),
      ...(account_id ? [`account:${account_id}`] : []),
    ])
    const act = () =>
      follow(
        { type: 'account', id: account, name: 'New' },
        { type: 'user', id: user, email: user, email_verified: true, members },
      )
    return [act, ...ids]
  },
  async 'what is purged'() {
    const [closed, deleted] = [await register(t), await register(t)]
    await close(closed)
    await t.call('DELETE', '/v1/me', { as: deleted.accessToken, body: { password: PASSWORD } })
    t.moveClock(31 * DAY_SECONDS)
    return [() => t.sweep(), ofAccount(closed), ofUser(deleted)]
  },
}

test.each(Object.keys(acts))('%s is said in the commit that makes it so', async (name) => {
  const [act, ...subjects] = (await acts[name]?.()) ?? [async () => {}]
  await t.settled()
  expect(await changedBy(t, act)).toEqual(expect.arrayContaining(subjects))
})

test('nothing of what guards decide by was written in silence', async () => {
  expect(await unsaidWrites(t)).toEqual([])
})
