import { afterAll, beforeAll, expect, test } from 'vitest'
import { atStripe, bill, checkout, pay, registerWithoutTrial, stateOf } from '../support/buyers.ts'
import { register } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

const customersOf = async (accountId: string) =>
  (
    await t.app.pool.query('select stripe_customer_id as id from stripe_customers where account_id = $1', [
      accountId,
    ])
  ).rows
const openSessions = (customer: string) =>
  t.stripe.store.listOf('checkout.session', customer).filter(({ status }) => status === 'open')

test('twenty first checkouts at once: one customer, one open page, one trial', async () => {
  const person = await register(t)
  const replies = await Promise.all(Array.from({ length: 20 }, () => checkout(t, person)))
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]))
  expect(new Set(replies.map(({ body }) => body.url)).size).toBe(1)
  const customers = await customersOf(person.accountId)
  expect(customers).toHaveLength(1)
  const ours = t.stripe.store
    .list('customer')
    .filter((one) => 'metadata' in one && one.metadata.frontgate_account === person.accountId)
  expect(ours).toHaveLength(1)
  expect(openSessions(customers[0].id)).toHaveLength(1)
  pay(t, replies[0]?.body.id)
  await t.flush()
  expect((await atStripe(t, person)).map(({ status }) => status)).toEqual(['trialing'])
  const { rows } = await t.app.pool.query(`select from grants where account_id = $1 and source = 'trial'`, [
    person.accountId,
  ])
  expect(rows).toHaveLength(1)
})

test('different wishes at once leave one page open', async () => {
  const person = await registerWithoutTrial(t)
  const wishes = Array.from({ length: 10 }, (_, i) =>
    checkout(t, person, { interval: i % 2 ? 'year' : 'month' }),
  )
  const replies = await Promise.all(wishes)
  for (const { status } of replies) expect([201, 409]).toContain(status)
  const [customer] = await customersOf(person.accountId)
  expect(openSessions(customer.id)).toHaveLength(1)
})

test('a page that is paid just when another one takes its place: one subscription, and nobody pays twice', async () => {
  const person = await registerWithoutTrial(t)
  const first = await checkout(t, person)
  // It is seen open, and paid before it can be expired.
  const seen = {
    method: 'GET',
    path: '/v1/checkout/sessions/:id',
    kind: 'late',
    times: 1,
    delay_ms: 2_000,
  } as const
  t.stripe.faults.add(seen)
  const other = checkout(t, person, { interval: 'year' })
  await expect.poll(() => t.stripe.faults.list()).toEqual([])
  expect(pay(t, first.body.id).outcome).toBe('complete')
  expect((await other).body).toMatchObject({ code: 'already-subscribed' })
  await t.flush()
  expect((await atStripe(t, person)).map(({ status }) => status)).toEqual(['active'])
  expect(await stateOf(t, person)).toMatchObject({ plan: 'pro', subscription: { interval: 'month' } })
})

test('a process that died after Stripe had made the page: the next call gets that very page', async () => {
  const person = await registerWithoutTrial(t)
  t.stripe.faults.add({ method: 'POST', path: '/v1/checkout/sessions', kind: 'truncated', times: 3 })
  expect((await checkout(t, person)).status).toBe(503)
  t.stripe.faults.clear()
  const reply = await checkout(t, person)
  expect(reply.status).toBe(201)
  const [customer] = await customersOf(person.accountId)
  expect(t.stripe.store.listOf('checkout.session', customer.id).map(({ id }) => id)).toEqual([reply.body.id])
})

test('a customer whose creation was not answered is not made twice', async () => {
  const person = await registerWithoutTrial(t)
  t.stripe.faults.add({ method: 'POST', path: '/v1/customers', kind: 'truncated', times: 3 })
  expect((await checkout(t, person)).status).toBe(503)
  t.stripe.faults.clear()
  await bill(t, person, 'checkout-session', { plan: 'pro', interval: 'year' })
  const ours = t.stripe.store
    .list('customer')
    .filter((one) => 'metadata' in one && one.metadata.frontgate_account === person.accountId)
  expect(ours).toHaveLength(1)
})

test.each(['/v1/customers', '/v1/checkout/sessions'])(
  'a failure at %s that Stripe repeats for its key does not last',
  async (path) => {
    const person = await registerWithoutTrial(t)
    t.stripe.faults.add({ method: 'POST', path, kind: 'error', times: 1 })
    expect((await checkout(t, person)).status).toBe(503)
    expect((await checkout(t, person)).status).toBe(201)
    const ours = t.stripe.store
      .list('customer')
      .filter((one) => 'metadata' in one && one.metadata.frontgate_account === person.accountId)
    expect(ours).toHaveLength(1)
  },
)

test('what was made although Stripe said that it failed is used, not made again', async () => {
  const person = await registerWithoutTrial(t)
  for (const path of ['/v1/customers', '/v1/checkout/sessions']) {
    t.stripe.faults.add({ method: 'POST', path, kind: 'error-after-commit', times: 3 })
  }
  const reply = await checkout(t, person)
  expect(reply.status).toBe(201)
  const [customer] = await customersOf(person.accountId)
  expect(t.stripe.store.listOf('checkout.session', customer.id).map(({ id }) => id)).toEqual([reply.body.id])
})

test('two replicas at once agree', async () => {
  const { stripeSecretKey, stripeApiUrl } = t.app.config
  const other = await startReplica(t, {
    STRIPE_SECRET_KEY: stripeSecretKey?.reveal(),
    STRIPE_API_URL: stripeApiUrl,
  })
  const person = await registerWithoutTrial(t)
  const order = { plan: 'pro', interval: 'month' }
  const replies = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      i % 2
        ? other.post('/v1/billing/checkout-session', order, { as: person.accessToken })
        : checkout(t, person),
    ),
  )
  expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1)
})
