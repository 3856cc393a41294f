import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ASKS_FOR_CONFIRMATION,
  buyer,
  checkout,
  FAILS_LATER,
  pay,
  stateOf,
  subscriptionOf,
} from '../support/buyers.ts'
import { type Person, register } from '../support/people.ts'
import { type StripeApp, startStripeApp, startStripeAppWith } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

const DAY = 86_400

async function inbox(person: Person, app = t) {
  const { rows } = await app.app.pool.query<{
    id: string
    type: string
    status: string
    reason: string | null
  }>(
    `select e.* from stripe_events e join stripe_customers c using (stripe_customer_id) where c.account_id = $1
     order by e.received_at, e.id`,
    [person.accountId],
  )
  return rows
}

/** That a customer was made may be told of before we know it ourselves, and is ignored then. */
const unhandled = async (person: Person) =>
  (await inbox(person)).filter(({ status, type }) => status !== 'handled' && type !== 'customer.created')

async function ends(person: Person): Promise<void> {
  const { id } = await subscriptionOf(t, person)
  await t.sdk.subscriptions.update(id, { cancel_at_period_end: true })
}

/** Looks that were taken at a customer, in the log of what the service asked. */
function looksAt(customer: string, since = 0): number {
  return t.stripe.requests
    .list()
    .slice(since)
    .filter(
      ({ method, path, params }) =>
        method === 'GET' &&
        path === '/v1/subscriptions' &&
        (params as { customer?: string }).customer === customer,
    ).length
}

describe('what is delivered', () => {
  test('leads to what Stripe holds, and every event is handled', async () => {
    const person = await buyer(t)
    await ends(person)
    await t.flush()
    expect((await stateOf(t, person)).subscription).toMatchObject({ cancel_at_period_end: true })
    expect(await unhandled(person)).toEqual([])
  })

  test.each([
    ['twice', { duplicate: 1 }],
    ['in any order', { reorder: 1 }],
    ['late', { delay_ms: [50, 400] as [number, number] }],
    ['as thin notifications', { thin: true as const }],
    ['in both shapes', { thin: 'both' as const }],
  ])('%s', async (_name, settings) => {
    t.stripe.deliveries.change(settings)
    const person = await buyer(t)
    await ends(person)
    await t.flush()
    t.stripe.deliveries.change({ duplicate: 0, reorder: 0, delay_ms: [0, 0], thin: false })
    expect((await stateOf(t, person)).subscription).toMatchObject({
      status: 'active',
      cancel_at_period_end: true,
    })
    const { rows } = await t.app.pool.query(
      `select action from audit_log where account_id = $1 and action like 'subscription.%'`,
      [person.accountId],
    )
    expect(rows.filter(({ action }) => action === 'subscription.begun')).toHaveLength(1)
  })

  test('in a burst is two looks at most', async () => {
    const person = await buyer(t)
    const { id, customer } = await subscriptionOf(t, person)
    await t.flush()
    const since = t.stripe.requests.list().length
    t.stripe.deliveries.change({ hold: true })
    for (let i = 0; i < 20; i++) {
      await t.sdk.subscriptions.update(id, { metadata: { step: String(i) } })
    }
    t.stripe.deliveries.change({ hold: false })
    await t.flush()
    expect(looksAt(customer as string, since)).toBeLessThanOrEqual(2)
    expect(await unhandled(person)).toEqual([])
  })
})

test('an answer of Stripe’s that comes late is not written over a later one', async () => {
  const person = await buyer(t)
  const { customer } = await subscriptionOf(t, person)
  const { projectCustomer } = await import('../../src/billing/projection/projectCustomer.ts')
  t.stripe.faults.add({ method: 'GET', path: '/v1/subscriptions', kind: 'late', times: 1, delay_ms: 2_000 })
  const early = projectCustomer(t.app, customer as string, 'job')
  await expect.poll(() => t.stripe.faults.list()).toEqual([])
  t.stripe.deliveries.change({ drop: 1 })
  await ends(person)
  t.stripe.deliveries.change({ drop: 0 })
  expect(await projectCustomer(t.app, customer as string, 'job')).toMatchObject({
    kind: 'written',
    differences: [{}],
  })
  expect((await early).kind).toBe('stale')
  expect((await stateOf(t, person)).subscription).toMatchObject({ cancel_at_period_end: true })
})

test('while Stripe is away the last known state holds, and afterwards what was missed is caught up with', async () => {
  const person = await buyer(t)
  t.stripe.faults.add({ method: 'GET', path: '/v1/subscriptions', kind: 'rate-limit', times: 2 })
  await ends(person)
  t.stripe.deliveries.release()
  await t.stripe.deliveries.settle(AbortSignal.timeout(10_000))
  expect(await stateOf(t, person)).toMatchObject({
    has_pro_entitlement: true,
    subscription: { cancel_at_period_end: false },
  })
  await t.flush()
  await t.flush()
  await t.flush()
  expect((await stateOf(t, person)).subscription).toMatchObject({ cancel_at_period_end: true })
  expect(await unhandled(person)).toEqual([])
})

describe('prices that are not ours', () => {
  async function movedTo(person: Person, product: string | undefined): Promise<string> {
    const { id, items } = await subscriptionOf(t, person)
    const price = await t.sdk.prices.create({
      currency: 'usd',
      unit_amount: 100,
      recurring: { interval: 'month' },
      ...(product ? { product } : { product_data: { name: 'Something else' } }),
    })
    const item = items.data[0]?.id ?? ''
    await t.sdk.subscriptions.update(id, {
      items: [{ id: item, price: price.id }],
      proration_behavior: 'none',
    })
    await t.flush()
    return price.id
  }

  test('of a product of ours count as its plan', async () => {
    const person = await buyer(t)
    await movedTo(person, 'frontgate_team')
    expect(await stateOf(t, person)).toMatchObject({ plan: 'team', subscription: { status: 'active' } })
  })

  test('of an unknown product give no access, and wait for an operator without blocking anybody', async () => {
    const person = await buyer(t)
    const price = await movedTo(person, undefined)
    expect(await stateOf(t, person)).toMatchObject({
      has_pro_entitlement: false,
      subscription: { status: 'active' },
    })
    const parked = (await inbox(person)).filter(({ status }) => status === 'parked')
    expect(parked.length).toBeGreaterThan(0)
    expect(parked[0]?.reason).toContain(price)
    expect(t.logged.some((line) => line.includes('parked') && line.includes(price))).toBe(true)
    expect(await stateOf(t, await buyer(t))).toMatchObject({ plan: 'pro' })
  })

  test('once they are known again, everything that was parked is settled', async () => {
    const person = await buyer(t)
    const { items } = await subscriptionOf(t, person)
    const ours = items.data[0]
    await movedTo(person, undefined)
    const parked = async () => (await inbox(person)).filter(({ status }) => status === 'parked').length
    expect(await parked()).toBeGreaterThan(0)
    const { id, items: now } = await subscriptionOf(t, person)
    await t.sdk.subscriptions.update(id, {
      items: [{ id: now.data[0]?.id ?? '', price: ours?.price.id ?? '' }],
    })
    await t.flush()
    expect(await parked()).toBe(0)
    expect(await stateOf(t, person)).toMatchObject({ plan: 'pro' })
  })

  test('leave other grants alone', async () => {
    const person = await buyer(t)
    await t.app.pool.query(
      `insert into grants (id, account_id, source, plan, from_at, reason, granted_by, created_at)
       values (gen_random_uuid(), $1, 'complimentary', 'pro', $2, 'friend', 'test', $2)`,
      [person.accountId, t.app.now()],
    )
    await movedTo(person, undefined)
    expect(await stateOf(t, person)).toMatchObject({ has_pro_entitlement: true, reason: 'complimentary' })
  })
})

test('what Stripe sent is kept only while somebody may have to look at it', async () => {
  const person = await buyer(t)
  const { rows } = await t.app.pool.query(
    `select e.payload, c.asked from stripe_events e join stripe_customers c using (stripe_customer_id)
     where c.account_id = $1 and e.status = 'handled'`,
    [person.accountId],
  )
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) expect(row).toEqual({ payload: {}, asked: {} })
})

test('a name that nobody has proved to be theirs is in no mail about money', async () => {
  const person = await register(t, { name: 'You won - visit evil.example' })
  await t.app.pool.query('update grants set until_at = from_at where account_id = $1', [person.accountId])
  const { body } = await checkout(t, person)
  expect(pay(t, body.id, { card: ASKS_FOR_CONFIRMATION }).outcome).toBe('requires_action')
  await t.flush()
  const [mail] = await t.mailsTo(person.email)
  expect(mail?.subject).toMatch(/[Cc]onfirm/)
  expect(JSON.stringify(mail)).not.toContain('evil')
})

test('an event is followed within moments, whatever the clock of the process that looked last', async () => {
  const person = await buyer(t)
  await t.app.pool.query(
    `update stripe_customers set looked_at = looked_at + interval '10 minutes' where account_id = $1`,
    [person.accountId],
  )
  await ends(person)
  await t.stripe.deliveries.settle(AbortSignal.timeout(10_000))
  const { rows } = await t.app.pool.query(
    `select extract(epoch from run_at - clock_timestamp())::float8 as seconds from graphile_worker.jobs where task_identifier = 'billing.project'`,
  )
  for (const { seconds } of rows) expect(seconds).toBeLessThanOrEqual(3)
  await t.flush()
  expect((await stateOf(t, person)).subscription).toMatchObject({ cancel_at_period_end: true })
})

describe('a charge that fails at renewal', () => {
  test('leaves a grace, then closes; paying opens again at once, and each is mailed once', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own, { card: FAILS_LATER, trial: true })
    expect((await stateOf(own, person)).subscription.status).toBe('trialing')
    await own.advance(15 * DAY)
    const failing = await stateOf(own, person)
    expect(failing).toMatchObject({ has_pro_entitlement: true, subscription: { status: 'past_due' } })
    const graceEnd = Date.parse(failing.subscription.grace_ends_at)
    const count = async (subject: RegExp) =>
      (await own.mailsTo(person.email)).filter((mail) => subject.test(mail.subject)).length
    expect(await count(/did not go through/)).toBe(1)

    own.moveClock((graceEnd - own.app.now().getTime()) / 1000 - 1)
    expect((await stateOf(own, person)).has_pro_entitlement).toBe(true)
    own.moveClock(1)
    expect((await stateOf(own, person)).has_pro_entitlement).toBe(false)
    const guarded = await own.call('GET', '/v1/forward-auth?require=plan:pro', { as: person.accessToken })
    expect(guarded.body).toMatchObject({ code: 'subscription-required', reason: 'past-due' })

    const { latest_invoice, customer } = await subscriptionOf(own, person)
    await own.sdk.paymentMethods
      .attach('pm_card_visa', { customer: customer as string })
      .then((card) => own.sdk.invoices.pay(latest_invoice as string, { payment_method: card.id }))
    await own.flush()
    expect(await stateOf(own, person)).toMatchObject({
      has_pro_entitlement: true,
      subscription: { status: 'active', grace_ends_at: null },
    })
    expect(await count(/did not go through/)).toBe(1)
    expect(await count(/went through$/)).toBe(1)
  })

  test('ends the subscription on day 21, and the way back is a new one', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own, { card: FAILS_LATER, trial: true })
    await own.advance(37 * DAY)
    expect(await stateOf(own, person)).toMatchObject({
      has_pro_entitlement: false,
      subscription: { status: 'canceled' },
      actions: { checkout: true },
    })
  })
})

test('renewals are followed for a year', async () => {
  const own = await startStripeAppWith()
  const person = await buyer(own)
  await own.advance(365 * DAY)
  const state = await stateOf(own, person)
  expect(state).toMatchObject({ plan: 'pro', subscription: { status: 'active' } })
  const { items, customer } = await subscriptionOf(own, person)
  expect(state.subscription.current_period_end).toBe(
    new Date((items.data[0]?.current_period_end ?? 0) * 1000).toISOString(),
  )
  expect(own.stripe.store.listOf('invoice', customer as string).length).toBeGreaterThanOrEqual(12)
}, 60_000)

test('settled events are forgotten after ninety days, and one that comes again changes nothing', async () => {
  const own = await startStripeAppWith()
  const person = await buyer(own)
  const [event] = await inbox(person, own)
  await own.app.pool.query(
    `update stripe_events set received_at = received_at - interval '91 days' where id = $1`,
    [event?.id],
  )
  await own.app.pool.query(
    `update stripe_events set received_at = received_at - interval '91 days', status = 'parked' where id <> $1`,
    [event?.id],
  )
  const before = await inbox(person, own)
  await own.sweep()
  expect(await inbox(person, own)).toEqual(before.filter(({ id }) => id !== event?.id))
  const state = await stateOf(own, person)
  own.stripe.deliveries.send(event?.id ?? '')
  await own.flush()
  expect((await inbox(person, own)).find(({ id }) => id === event?.id)?.status).toBe('handled')
  expect(await stateOf(own, person)).toEqual(state)
})
