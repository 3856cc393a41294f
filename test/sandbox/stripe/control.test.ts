import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../../sandbox/startSandbox.ts'
import { TEMPLATE } from '../../support/globalSetup.ts'
import { createScratchDatabase, dropScratchDatabase } from '../../support/scratchPostgres.ts'
import { testEnvironment } from '../../support/testEnvironment.ts'

const database = `test_${randomUUID().replaceAll('-', '')}`
const folder = mkdtempSync(join(tmpdir(), 'frontgate-stripe-'))
let start: (more?: NodeJS.ProcessEnv) => Promise<Sandbox>
let sandbox: Sandbox
let sdk: Stripe

beforeAll(async () => {
  const DATABASE_URL = await createScratchDatabase(inject('serverUrl'), database, TEMPLATE)
  const env = { ...testEnvironment, PUBLIC_URL: '', PORT: '0', SANDBOX_PORT: '0', DATABASE_URL }
  start = (more = {}) => startSandbox({ env: { ...env, ...more }, folder })
  await use(await start())
})
afterAll(async () => {
  await sandbox?.stop()
  await dropScratchDatabase(inject('serverUrl'), database)
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  const reliable = { duplicate: 0, reorder: 0, drop: 0, delay_ms: [0, 0], thin: false, hold: false }
  await control('POST', '/webhooks', reliable)
  await control('POST', '/webhooks/flush')
  await control('DELETE', '/requests')
})

describe('Stripe in the sandbox', () => {
  test('sells what the catalogue says, to an SDK of which only the address was changed', async () => {
    const { data } = await sdk.prices.list({ active: true, limit: 100, expand: ['data.product'] })
    expect(data.map(({ unit_amount }) => unit_amount).sort()).toEqual([1900, 19000, 2900, 29000])
    const below = await fetch(`${sandbox.sandboxUrl}/stripe/v1/prices`, {
      headers: { authorization: 'Bearer sk_test_sandbox' },
    })
    expect(((await below.json()) as { data: object[] }).data).toHaveLength(4)
  })

  test('is kept between runs', async () => {
    await control('POST', '/webhooks', { hold: true })
    const { id } = await sdk.customers.create({ email: 'ada@customer.example' })
    await sandbox.stop()
    await use(await start())
    expect((await sdk.customers.list({ email: 'ada@customer.example' })).data).toMatchObject([{ id }])
    expect((await sdk.prices.list({ limit: 100 })).data).toHaveLength(4)
    expect((await control('POST', '/webhooks/flush')).body).toEqual({ pending: 0 })
    expect((await sdk.events.list({ delivery_success: false })).data).toEqual([])
  })
})

test.each([
  ['with neither key nor secret', { STRIPE_SECRET_KEY: '', STRIPE_WEBHOOK_SECRET: '' }, false],
  [
    'with those of somebody’s own',
    { STRIPE_SECRET_KEY: 'sk_test_own', STRIPE_WEBHOOK_SECRET: 'whsec_a,whsec_b' },
    true,
  ],
])('the sandbox starts %s', async (_how, env, asks) => {
  await sandbox.stop()
  await use(await start(env))
  expect((await control('GET', '/requests')).body.data.length > 0).toBe(asks)
  await sdk.customers.create({ name: 'Ada' })
  expect((await control('POST', '/webhooks/flush')).body).toEqual({ pending: 0 })
  expect((await sdk.events.list({ delivery_success: false })).data).toEqual([])
  await sandbox.stop()
  await use(await start())
})

describe('/control/stripe/webhooks', () => {
  test('changes what is named, and shows all of it', async () => {
    const { status, body } = await control('POST', '/webhooks', { drop: 0.5, delay_ms: [10, 20] })
    expect(status).toBe(200)
    expect(body).toEqual({
      duplicate: 0,
      reorder: 0,
      drop: 0.5,
      delay_ms: [10, 20],
      thin: false,
      hold: false,
    })
    expect((await control('GET', '/webhooks')).body).toEqual(body)
  })

  test.each([
    { drop: 1.1 },
    { reorder: -0.1 },
    { delay_ms: [2, 1] },
    { delay_ms: [1] },
    { thin: 'never' },
    { lose: 1 },
  ])('422 for %j', async (body) => expect((await control('POST', '/webhooks', body)).status).toBe(422))

  test('flush delivers what is held and what is late', async () => {
    await control('POST', '/webhooks', { hold: true })
    await sdk.customers.create({ name: 'Held' })
    await control('POST', '/webhooks', { hold: false, delay_ms: [500_000, 600_000] })
    await sdk.customers.create({ name: 'Late' })
    expect((await sdk.events.list({ delivery_success: false })).data).toHaveLength(2)
    expect((await control('POST', '/webhooks/flush')).body).toEqual({ pending: 0 })
    expect((await sdk.events.list({ delivery_success: false })).data).toEqual([])
  })

  test('time that passes delivers what is late, but neither what is held nor what was dropped', async () => {
    await control('POST', '/webhooks', { delay_ms: [500_000, 600_000] })
    await sdk.customers.create({ name: 'Late' })
    await control('POST', '/webhooks', { delay_ms: [0, 0], hold: true })
    const held = await sdk.customers.create({ name: 'Held' })
    await control('POST', '/webhooks', { hold: false, drop: 1 })
    const dropped = await sdk.customers.create({ name: 'Dropped' })
    await advance(3600)
    const { data } = await sdk.events.list({ delivery_success: false })
    expect(data.map((event) => (event.data.object as Stripe.Customer).id)).toEqual([dropped.id, held.id])
    await control('POST', '/webhooks/flush')
    expect((await sdk.events.list({ delivery_success: false })).data).toHaveLength(1)
    const [lost] = (await sdk.events.list({ delivery_success: false })).data
    expect((await control('POST', `/events/${lost?.id}/send`)).status).toBe(204)
    await control('POST', '/webhooks/flush')
    expect((await sdk.events.list({ delivery_success: false })).data).toEqual([])
  })

  test('404 for an event that is none', async () => {
    expect((await control('POST', '/events/evt_no/send')).status).toBe(404)
  })
})

describe('/control/stripe/faults', () => {
  test('are set, shown and cleared', async () => {
    const fault = { method: 'POST', path: '/v1/customers', kind: 'rate-limit', times: 2 }
    expect((await control('POST', '/faults', fault)).status).toBe(201)
    await expect(sdk.customers.create({})).rejects.toBeInstanceOf(Stripe.errors.StripeRateLimitError)
    expect((await control('GET', '/faults')).body).toEqual({ data: [{ ...fault, times: 1 }] })
    expect((await control('DELETE', '/faults')).status).toBe(204)
    expect((await control('GET', '/faults')).body).toEqual({ data: [] })
    await sdk.customers.create({})
  })

  test.each([
    { path: '/v1/customers' },
    { path: '/v1/customers', kind: 'meteor' },
    { path: 'customers', kind: 'late' },
    { path: '/v1/customers', kind: 'late', times: 0 },
  ])('422 for %j', async (body) => expect((await control('POST', '/faults', body)).status).toBe(422))
})

test('/control/stripe/requests shows what the service asked, in order', async () => {
  const service = client({ name: 'Frontgate', version: '1.0' })
  const { id } = await service.customers.create({ name: 'Ada' }, { idempotencyKey: 'row-1' })
  await sdk.customers.retrieve(id)
  await service.customers.retrieve(id)
  expect((await control('GET', '/requests')).body.data).toMatchObject([
    { method: 'POST', path: '/v1/customers', params: { name: 'Ada' }, idempotency_key: 'row-1', status: 200 },
    { method: 'GET', path: `/v1/customers/${id}`, status: 200 },
  ])
})

describe('buyers', () => {
  test('pay once, with a card that pays, and what they have is shown', async () => {
    const session = await openSession()
    const pay = (body?: object) => control('POST', `/checkout-sessions/${session.id}/pay`, body)
    expect((await pay({ card: '0002' })).body).toEqual({ outcome: 'declined' })
    expect((await pay({ card: '3184' })).body).toEqual({ outcome: 'requires_action' })
    expect((await control('GET', '/subscriptions')).body.data).toMatchObject([{ status: 'incomplete' }])
    expect((await pay({ card: '3184', authenticate: true })).body).toEqual({ outcome: 'complete' })
    expect((await control('GET', '/subscriptions')).body.data).toMatchObject([{ status: 'active' }])
    expect((await pay()).status).toBe(409)
    expect((await control('POST', `/checkout-sessions/${session.id}/expire`)).status).toBe(409)
  })

  test('let a session expire', async () => {
    const { id } = await openSession()
    expect((await control('POST', `/checkout-sessions/${id}/expire`)).body).toEqual({ id, status: 'expired' })
    expect((await control('POST', `/checkout-sessions/${id}/pay`)).status).toBe(409)
  })

  test('dispute a charge, once', async () => {
    const { id } = await openSession()
    expect((await control('POST', `/checkout-sessions/${id}/pay`)).body).toEqual({ outcome: 'complete' })
    const [charge] = (await sdk.charges.list({ limit: 1 })).data
    const { status, body } = await control('POST', `/charges/${charge?.id}/dispute`, {
      reason: 'unrecognized',
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({ object: 'dispute', charge: charge?.id, reason: 'unrecognized' })
    expect((await control('POST', `/charges/${charge?.id}/dispute`)).status).toBe(409)
  })

  test.each([
    ['/checkout-sessions/cs_test_no/pay', undefined, 404],
    ['/checkout-sessions/cs_test_no/pay', { card: '4111 1111 1111 1111' }, 422],
    ['/checkout-sessions/cs_test_no/pay', { cash: true }, 422],
    ['/checkout-sessions/cs_test_no/expire', undefined, 404],
    ['/charges/ch_no/dispute', undefined, 404],
  ])('%s with %j is %i', async (path, body, status) => {
    const reply = await control('POST', path, body)
    expect(reply.status).toBe(status)
    expect(reply.body).toEqual({ title: expect.any(String), detail: expect.any(String) })
  })
})

async function openSession(): Promise<Stripe.Checkout.Session> {
  const [price] = (await sdk.prices.list({ active: true })).data
  return sdk.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: price?.id ?? '', quantity: 1 }],
    success_url: 'http://localhost:4000/done',
  })
}

async function use(started: Sandbox): Promise<void> {
  sandbox = started
  sdk = client()
}

function client(appInfo?: Stripe.AppInfo): Stripe {
  const { port } = new URL(sandbox.sandboxUrl)
  return new Stripe('sk_test_sandbox', {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    ...(appInfo && { appInfo }),
  })
}

async function advance(seconds: number): Promise<void> {
  const reply = await fetch(`${sandbox.sandboxUrl}/control/clock/advance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ seconds }),
  })
  expect(reply.status, await reply.text()).toBe(200)
}

async function control(method: string, path: string, body?: object) {
  const reply = await fetch(`${sandbox.sandboxUrl}/control/stripe${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: the shape of each reply is what the tests assert
  const read: any = reply.status === 204 ? null : await reply.json()
  return { status: reply.status, body: read }
}
