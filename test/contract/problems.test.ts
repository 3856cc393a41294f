import { randomUUID } from 'node:crypto'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { type ProblemCode, problems } from '../../src/problems.ts'
import { addPasskey, firstStep, registerWithTotp, requireFactor, secondStep } from '../support/factors.ts'
import { accept, invited, registerInvited, sendInvite } from '../support/invites.ts'
import { mirrored } from '../support/mirrored.ts'
import { signInOperator } from '../support/operators.ts'
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
import { DAY_SECONDS, endGrant, giveGrant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import { addEndpoint, webhookCall } from '../support/webhooks.ts'
import { withoutPassword, withProviders } from '../support/withoutPassword.ts'
import { expectProblem, metWithProviders, metWithStripe, type Refusal } from './refusals.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp(withProviders)
})
afterAll(() => t.close())

const tokenOf = async ({ email }: Person) => String((await signIn(t, email)).body.access_token)
const guard = (as: string, query = '') => t.call('GET', `/v1/forward-auth?${query}`, { as })
const verify = (token: string) => t.call('POST', '/v1/auth/email/verify', { body: { token } })
const me = async () => (await register(t)).accessToken

const consume = (as: string, limit: string, amount: number) =>
  t.call('POST', '/v1/usage/consume', { as, body: { limit, amount, idempotency_key: 'a piece of work' } })

const SIGNING_SECRET = 'whsec_test'

/** Sends an event to a service that knows this secret, with a signature of that one. */
async function deliver(payload: string, secret: string): Promise<Refusal> {
  const signing = await startTestAppWith({ STRIPE_WEBHOOK_SECRET: SIGNING_SECRET }, { work: false })
  const timestamp = Math.floor(signing.app.now().getTime() / 1000)
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp })
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature }
  return signing.call('POST', '/v1/webhooks/stripe', { body: payload, headers })
}

/** A service with a key, at whose Stripe nobody answers. */
async function withUnreachableStripe(): Promise<TestApp> {
  const url = `http://127.0.0.1:${await freePort(0)}`
  return startTestAppWith({ STRIPE_SECRET_KEY: 'sk_test_x', STRIPE_API_URL: url }, { work: false })
}

type MetHere = Exclude<ProblemCode, (typeof metWithStripe | typeof metWithProviders)[number]>

/** For each code the least that makes somebody meet it. A code that nobody can meet has no place in the list. */
const scenarios: Record<MetHere, () => Promise<Refusal>> = {
  'invalid-request': () => t.call('POST', '/v1/auth/login', { body: {} }),
  'weak-password': () =>
    t.call('POST', '/v1/auth/register', { body: { email: newAddress(), password: 'short' } }),
  async 'seat-limit-reached'() {
    const person = await registerVerified(t)
    for (let i = 0; i < 4; i++) await sendInvite(t, person, newAddress())
    return sendInvite(t, person, newAddress())
  },
  'limit-reached': async () => consume(await me(), 'trees', 101),
  async 'idempotency-key-reused'() {
    const as = await me()
    await consume(as, 'trees', 1)
    return consume(as, 'trees', 2)
  },
  async 'already-member'() {
    const person = await registerVerified(t)
    return sendInvite(t, person, person.email)
  },
  async 'invite-for-another-address'() {
    const person = await registerVerified(t)
    return accept(t, person, (await invited(t, person, newAddress())).token)
  },
  async 'invite-already-accepted'() {
    const [person, email] = [await registerVerified(t), newAddress()]
    const { id, token } = await invited(t, person, email)
    await registerInvited(t, email, token)
    return t.call('DELETE', `/v1/accounts/me/invites/${id}`, { as: person.accessToken })
  },
  'confirmation-mismatch': async () =>
    t.call('DELETE', '/v1/accounts/me', { as: await me(), body: { confirm: 'another name' } }),
  'invalid-signature': () => deliver('{}', 'whsec_other'),
  'invalid-event': () => deliver('{}', SIGNING_SECRET),
  unauthenticated: () => t.call('GET', '/v1/me'),
  'invalid-credentials': () => signIn(t, newAddress()),
  async 'session-expired'() {
    const as = await me()
    await t.call('POST', '/v1/auth/logout', { as })
    return t.call('GET', '/v1/me', { as })
  },
  async 'second-factor-required'() {
    return signIn(t, (await registerWithTotp(t)).email)
  },
  async 'wrong-second-factor'() {
    const { challenge } = await firstStep(t, await registerWithTotp(t))
    return secondStep(t, challenge, { code: '000000' })
  },
  'challenge-over': () => secondStep(t, 'a challenge that was never made', { code: '000000' }),
  async 'no-second-factor'() {
    const { accessToken: as } = await registerVerified(t)
    return t.call('POST', '/v1/me/factors/recovery-codes', { as })
  },
  async 'last-second-factor'() {
    const { accessToken: as } = await registerWithTotp(t)
    await requireFactor(t, as)
    return t.call('DELETE', '/v1/me/factors/totp', { as })
  },
  async 'too-many-passkeys'() {
    const person = await registerVerified(t)
    for (let i = 0; i < 20; i++) await addPasskey(t, person)
    return t.call('POST', '/v1/me/factors/passkeys/options', { as: person.accessToken })
  },
  async 'second-factor-required-here'() {
    return requireFactor(t, (await registerVerified(t)).accessToken)
  },
  async 'subscription-required'() {
    return guard(await me(), 'require=plan:enterprise')
  },
  async 'feature-not-in-plan'() {
    const person = await registerVerified(t)
    await t.advance(14 * DAY_SECONDS)
    return guard(await tokenOf(person), 'feature=scripts')
  },
  forbidden: async () => t.call('GET', '/v1/operator/accounts', { as: await me() }),
  async 'account-closed'() {
    const { accessToken: as } = await register(t, { account_name: 'Gone' })
    await t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: 'Gone' } })
    return t.call('GET', '/v1/accounts/me', { as })
  },
  async 'self-serve-disabled'() {
    const closed = await startTestAppWith({ SELF_SERVE_ENABLED: 'false' }, { work: false })
    return closed.call('POST', '/v1/auth/register', { body: { email: newAddress(), password: PASSWORD } })
  },
  async 'email-verification-required'() {
    const person = await register(t)
    await t.advance(7 * DAY_SECONDS)
    return guard(await tokenOf(person))
  },
  async 'recent-sign-in-required'() {
    const { refreshToken } = await register(t)
    await t.advance(601)
    const { body } = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })
    return t.call('DELETE', '/v1/me', { as: body.access_token, body: {} })
  },
  'not-found': () => t.call('GET', '/v1/nothing-here'),
  'token-unknown': () => verify('a token that was never made'),
  'method-not-allowed': () => t.call('PUT', '/v1/me'),
  async 'email-already-registered'() {
    const { email } = await register(t)
    return t.call('POST', '/v1/auth/register', { body: { email, password: PASSWORD } })
  },
  async 'use-oauth-provider'() {
    const person = await registerVerified(t)
    await withoutPassword(t, person)
    return signIn(t, person.email)
  },
  'password-exists': async () => t.call('POST', '/v1/auth/password/first-link', { as: await me() }),
  async 'last-admin'() {
    const alone = await startTestAppWith({}, { work: false })
    const as = await operatorToken(alone)
    const { body } = await alone.call('GET', '/v1/operator/operators', { as })
    const own = `/v1/operator/operators/${body.data[0].id}`
    return alone.call('DELETE', own, { as, body: { reason: 'Left' } })
  },
  async 'second-factor-setup-required'() {
    const strict = await startTestAppWith({ OPERATORS_NEED_SECOND_FACTOR: 'true' })
    const { body } = await signInOperator(strict)
    return strict.call('GET', '/v1/operator/accounts', { as: body.access_token })
  },
  async 'last-owner'() {
    const [owner, member] = [await register(t), await register(t)]
    await t.app.pool.query(
      `insert into members (account_id, user_id, role, created_at) values ($1, $2, 'member', $3)`,
      [owner.accountId, member.userId, t.app.now()],
    )
    return t.call('DELETE', '/v1/me', { as: owner.accessToken, body: { password: PASSWORD } })
  },
  async 'no-subscription'() {
    const keyed = await withUnreachableStripe()
    const { accessToken: as } = await register(keyed)
    return keyed.call('POST', '/v1/billing/subscription/cancel', { as })
  },
  async 'subscription-live'() {
    const { accountId, accessToken: as } = await register(t, { account_name: 'Paying' })
    await mirrored(t, accountId)
    return t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: 'Paying' } })
  },
  async 'webhook-endpoint-disabled'() {
    const { id } = await addEndpoint(t, 'http://localhost:1/')
    await webhookCall(t, 'PATCH', `endpoints/${id}`, { enabled: false })
    return webhookCall(t, 'POST', `endpoints/${id}/ping`)
  },
  async 'grant-already-ended'() {
    const { accountId } = await register(t)
    const id = await giveGrant(t, accountId, { source: 'override', plan: 'team' })
    await endGrant(t, id)
    const as = await operatorToken(t)
    return t.call('DELETE', `/v1/operator/grants/${id}`, { as, body: { reason: 'Again' } })
  },
  async 'token-expired'() {
    const { email } = await register(t)
    const token = await mailedToken(t, email)
    await t.advance(DAY_SECONDS)
    return verify(token)
  },
  async 'token-used'() {
    const { email } = await register(t)
    const token = await mailedToken(t, email)
    await verify(token)
    return verify(token)
  },
  async 'token-superseded'() {
    const { email, accessToken } = await register(t)
    const token = await mailedToken(t, email)
    await t.call('POST', '/v1/auth/email/resend', { as: accessToken })
    return verify(token)
  },
  async 'token-canceled'() {
    const { accessToken: as } = await register(t)
    const email = newAddress()
    await t.call('POST', '/v1/me/email', { as, body: { email, password: PASSWORD } })
    const body = { token: await mailedToken(t, email) }
    await t.call('POST', '/v1/auth/email/change/refuse', { body })
    return t.call('POST', '/v1/auth/email/change/confirm', { body })
  },
  async 'account-deleted'() {
    const { accountId, accessToken: as } = await register(t, { account_name: 'Gone' })
    await t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: 'Gone' } })
    await t.advance(30 * DAY_SECONDS)
    const body = { reason: 'They changed their mind' }
    return t.call('POST', `/v1/operator/accounts/${accountId}/reopen`, { as: await operatorToken(t), body })
  },
  'payload-too-large': () => t.call('POST', '/v1/auth/login', { body: { email: 'x'.repeat(70_000) } }),
  'unsupported-media-type': () =>
    t.call('POST', '/v1/auth/login', { body: 'email=ada', headers: { 'content-type': 'text/plain' } }),
  async 'too-many-requests'() {
    const body = { email: newAddress() }
    await t.call('POST', '/v1/auth/password/forgot', { body })
    return t.call('POST', '/v1/auth/password/forgot', { body })
  },
  'headers-too-large': () =>
    overTheWire(`GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`),
  async internal() {
    const broken = await startTestAppWith({}, { work: false })
    const { accessToken: as } = await register(broken)
    await broken.app.pool.query('alter table members rename to hidden')
    return broken.call('GET', '/v1/accounts', { as })
  },
  'stripe-not-configured': async () => t.call('GET', '/v1/billing/invoices', { as: await me() }),
  async 'stripe-unavailable'() {
    const keyed = await withUnreachableStripe()
    const { accountId, accessToken: as } = await register(keyed)
    await mirrored(keyed, accountId)
    return keyed.call('GET', '/v1/billing/invoices', { as })
  },
  async overloaded() {
    const slowHashes = { ARGON2_MEMORY_KIB: '65536', ARGON2_PASSES: '3' }
    const busy = await startTestAppWith(
      { HASHES_AT_ONCE: '1', HASH_QUEUE: '0', ...slowHashes },
      { work: false },
    )
    const replies = await Promise.all(Array.from({ length: 8 }, () => signIn(busy, newAddress())))
    const refused = replies.find(({ status }) => status === 503)
    if (!refused) throw new Error('Eight sign-ins at once were all served')
    return refused
  },
}

test('there is a scenario for each code, here or with Stripe', () => {
  expect([...Object.keys(scenarios), ...metWithStripe, ...metWithProviders].sort()).toEqual(
    Object.keys(problems).sort(),
  )
})

test.each(Object.entries(scenarios))(
  '%s: somebody meets it, in the words of RFC 9457',
  async (code, meet) => {
    expectProblem(code as ProblemCode, await meet())
  },
)

test.each(Object.entries(problems))('the type of %s leads to a page about it', async (code, { title }) => {
  const page = await t.call('GET', `/problems/${code}`)
  expect(page.status).toBe(200)
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(page.text).toContain(`<h1>${title}</h1>`)
  expect(page.text).toContain(code)
})

test('there is no page about a code that is none', async () => {
  for (const code of ['nothing', 'constructor', '__proto__', randomUUID(), '..%2F..%2Fetc%2Fpasswd']) {
    expect((await t.call('GET', `/problems/${code}`)).status, code).toBe(404)
  }
})

async function overTheWire(request: string): Promise<Refusal> {
  if (!t.fastify.server.listening) await t.fastify.listen({ port: 0, host: '127.0.0.1' })
  const { port } = t.fastify.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const [name = '', value = ''] = line.split(': ')
    return [name.toLowerCase(), value]
  })
  return {
    status: Number(statusLine.split(' ')[1]),
    body: JSON.parse(body),
    headers: Object.fromEntries(headers),
  }
}
