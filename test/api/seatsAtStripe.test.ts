import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { flushStripe, passTimeAtStripe } from '../../sandbox/settleStripe.ts'
import { changePlanInPortal } from '../../sandbox/stripe/billing/portalActions.ts'
import { reconcile } from '../../src/billing/reconcile/reconcile.ts'
import { applyCatalogue } from '../../src/catalogue/applyCatalogue.ts'
import { readCatalogueFile } from '../../src/catalogue/catalogueFile.ts'
import { inTx } from '../../src/db/transaction.ts'
import {
  bill,
  buyer,
  checkout,
  FAILS_LATER,
  freshToken,
  pay,
  registerWithoutTrial,
  stateOf,
  subscriptionOf,
} from '../support/buyers.ts'
import { invited, membersOf, newMember, registerInvited, sendInvite } from '../support/invites.ts'
import { newAddress, PASSWORD, type Person } from '../support/people.ts'
import { setOverride } from '../support/staff.ts'
import { type StripeApp, startStripeApp, startStripeAppWith } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

const DAY = 86_400
const itemAt = async (person: Person, app = t) => (await subscriptionOf(app, person)).items.data[0]
const quantityOf = async (person: Person, app = t) => (await itemAt(person, app))?.quantity

/** How often the quantity was asked for at Stripe, and taken. */
async function timesSet(person: Person, app = t): Promise<number> {
  const { id } = await subscriptionOf(app, person)
  return app.stripe.requests.list().filter(({ method, path, status, params }) => {
    return method === 'POST' && path === `/v1/subscriptions/${id}` && status === 200 && 'items' in params
  }).length
}

async function join(person: Person, count: number, app = t): Promise<Person[]> {
  await freshToken(app, person)
  const joined: Person[] = []
  for (let i = 0; i < count; i++) joined.push(await newMember(app, person))
  await app.flush()
  return joined
}

async function leave(members: Person[], app = t): Promise<void> {
  for (const member of members) {
    const as = await freshToken(app, member)
    const reply = await app.call('DELETE', '/v1/me', { body: { password: PASSWORD }, as })
    if (reply.status !== 204) throw new Error(`Leaving answered ${reply.status}: ${reply.text}`)
  }
  await app.flush()
}

async function inPortal(
  person: Person,
  change: { quantity?: number; price?: string },
  app = t,
): Promise<void> {
  const { id } = await subscriptionOf(app, person)
  app.stripe.store.change(() => changePlanInPortal(app.stripe.at(), id, change))
  await app.flush()
}

/** Lets the month that is paid for end. */
async function renew(app: StripeApp): Promise<void> {
  app.moveClock(32 * DAY)
  app.stripe.advance()
  await app.flush()
}

describe('the larger of members and seats asked for', () => {
  test('joining is charged for with the next invoice, and leaving given back', async () => {
    const person = await buyer(t, { plan: 'team' })
    const { latest_invoice } = await subscriptionOf(t, person)
    const members = await join(person, 2)
    expect(await quantityOf(person)).toBe(3)
    expect((await stateOf(t, person)).subscription.seats).toMatchObject({ purchased: 3, used: 3, limit: 50 })
    await leave(members.slice(1))
    expect(await quantityOf(person)).toBe(2)
    expect((await subscriptionOf(t, person)).latest_invoice).toBe(latest_invoice)
  })

  test('who leaves lowers it to what was asked for at checkout, and no further', async () => {
    const person = await buyer(t, { plan: 'team', seats: 3 })
    const members = await join(person, 2)
    expect(await timesSet(person)).toBe(0)
    members.push(...(await join(person, 1)))
    expect(await quantityOf(person)).toBe(4)
    await leave(members)
    expect(await quantityOf(person)).toBe(3)
  })

  test('who joins between checkout and payment is counted', async () => {
    const person = await registerWithoutTrial(t)
    const page = await checkout(t, person, { plan: 'team' })
    await newMember(t, person)
    pay(t, page.body.id)
    await t.flush()
    expect(await quantityOf(person)).toBe(2)
  })

  test('another number of seats is asked for by a change, also where members fill them just now', async () => {
    const person = await buyer(t, { plan: 'team' })
    const members = await join(person, 2)
    const order = (seats: number) => ({ plan: 'team', interval: 'month', seats })
    expect((await bill(t, person, 'subscription/change', order(3))).status).toBe(200)
    await leave(members)
    expect(await quantityOf(person)).toBe(3)
    const reply = await bill(t, person, 'subscription/change', order(5))
    expect(reply.body.subscription.seats).toMatchObject({ purchased: 5, used: 1 })
    await join(person, 1)
    expect(await quantityOf(person)).toBe(5)
  })

  test('a preview counts what joining has cost since, and is what is charged', async () => {
    const person = await buyer(t, { plan: 'team' })
    await join(person, 1)
    const order = { plan: 'team', interval: 'year', seats: 4 }
    const { body: shown } = await bill(t, person, 'subscription/preview', order)
    const change = { ...order, proration_date: shown.proration_date }
    expect((await bill(t, person, 'subscription/change', change)).status).toBe(200)
    const { latest_invoice } = await subscriptionOf(t, person)
    expect(t.stripe.store.get('invoice', latest_invoice as string)).toMatchObject({ total: shown.amount_due })
  })
})

test.each([
  { does: 'flush', settling: (own: StripeApp) => flushStripe(own, AbortSignal.timeout(20_000)) },
  {
    does: 'advance',
    settling: (own: StripeApp) => passTimeAtStripe(own, 1, [], AbortSignal.timeout(20_000)),
  },
])('the sandbox’s $does answers once seats have been followed', async ({ settling }) => {
  const person = await buyer(t, { plan: 'team' })
  await newMember(t, person)
  await settling(t)
  expect(await quantityOf(person)).toBe(2)
  expect((await stateOf(t, person)).subscription.seats).toMatchObject({ purchased: 2 })
})

describe('in the portal', () => {
  test('seats are asked for, up and down, also back to what we had set; members are never too many for them', async () => {
    const person = await buyer(t, { plan: 'team' })
    const members = await join(person, 2)
    await inPortal(person, { quantity: 6 })
    expect(await quantityOf(person)).toBe(6)
    await inPortal(person, { quantity: 3 })
    await leave(members.splice(1))
    expect(await quantityOf(person)).toBe(3)
    await inPortal(person, { quantity: 1 })
    expect(await quantityOf(person)).toBe(2)
    expect(Object.keys(await membersOf(t, person.accountId))).toHaveLength(2)
    expect((await sendInvite(t, person, newAddress())).status).toBe(201)
    await leave(members)
    expect(await quantityOf(person)).toBe(1)
  })

  test('a change to a plan without seats leaves one of it', async () => {
    const person = await buyer(t, { plan: 'team', seats: 4 })
    const [price] = t.stripe.store
      .list('price')
      .flatMap(({ id, lookup_key }) => (lookup_key === 'frontgate_pro_month' ? id : []))
    await inPortal(person, { price: price ?? '' })
    expect(await itemAt(person)).toMatchObject({ quantity: 1, price: { id: price } })
    expect(await stateOf(t, person)).toMatchObject({ plan: 'pro' })
  })
})

test('what ends or is owed for is left alone, and caught up with; a change that is scheduled stays, and is followed after', async () => {
  const own = await startStripeAppWith()
  const ending = await buyer(own, { plan: 'team' })
  const owing = await buyer(own, { plan: 'team', card: FAILS_LATER, trial: true })
  const [fewer, lower] = [await buyer(own, { plan: 'team', seats: 4 }), await buyer(own, { plan: 'team' })]

  // Whoever joins before it is set to end is a member, and not counted yet.
  await newMember(own, ending)
  await bill(own, ending, 'subscription/cancel')
  await own.flush()
  expect(await quantityOf(ending, own)).toBe(1)
  await bill(own, ending, 'subscription/resume')
  await own.flush()
  expect(await quantityOf(ending, own)).toBe(2)

  const seats = { plan: 'team', interval: 'month', seats: 1 }
  const plan = { plan: 'pro', interval: 'month' }
  expect((await bill(own, fewer, 'subscription/change', seats)).body.subscription).toMatchObject({
    scheduled_change: { quantity: 1 },
  })
  await bill(own, lower, 'subscription/change', plan)
  const members = await join(fewer, 1, own)
  // It is paid for until the end of the month.
  expect(await quantityOf(fewer, own)).toBe(4)
  await join(lower, 1, own)
  expect(await quantityOf(lower, own)).toBe(2)
  expect((await stateOf(own, lower)).subscription.scheduled_change).toMatchObject({
    plan: 'pro',
    quantity: 1,
  })

  await freshToken(own, owing)
  await newMember(own, owing)
  await renew(own)
  expect(await quantityOf(fewer, own)).toBe(2)
  await leave(members, own)
  expect(await quantityOf(fewer, own)).toBe(1)
  expect(await quantityOf(lower, own)).toBe(1)
  expect(await stateOf(own, lower)).toMatchObject({ plan: 'pro', subscription: { scheduled_change: null } })

  expect((await stateOf(own, owing)).subscription.status).toBe('past_due')
  expect(await quantityOf(owing, own)).toBe(1)
  const { id, customer, latest_invoice } = await subscriptionOf(own, owing)
  const card = await own.sdk.paymentMethods.attach('pm_card_visa', { customer: customer as string })
  await own.sdk.subscriptions.update(id, { default_payment_method: card.id })
  await own.sdk.invoices.pay(latest_invoice as string)
  await own.flush()
  expect(await quantityOf(owing, own)).toBe(2)
})

test('while seats are not followed, what was bought is the limit; nobody has to go, and an override goes before it', async () => {
  const person = await buyer(t, { plan: 'team', interval: 'year', seats: 2 })
  await join(person, 1)
  const [email, another] = [newAddress(), newAddress()]
  const { token } = await invited(t, person, email)
  const { body } = await bill(t, person, 'subscription/cancel')
  expect(body.subscription.seats).toEqual({ purchased: 2, used: 2, pending: 1, limit: 2 })
  const full = { status: 402, body: { code: 'seat-limit-reached', limit: 2 } }
  expect(await sendInvite(t, person, another)).toMatchObject(full)
  expect(await registerInvited(t, email, token)).toMatchObject(full)
  expect(Object.keys(await membersOf(t, person.accountId))).toHaveLength(2)

  const resumed = await bill(t, person, 'subscription/resume')
  expect(resumed.body.subscription.seats).toMatchObject({ purchased: 2, limit: 50 })
  expect((await registerInvited(t, email, token)).status).toBe(201)
  await t.flush()
  expect(await quantityOf(person)).toBe(3)

  await bill(t, person, 'subscription/cancel')
  expect(await sendInvite(t, person, another)).toMatchObject({ status: 402, body: { limit: 3 } })
  await setOverride(t, person.accountId, 'limits/members', 4)
  expect((await sendInvite(t, person, another)).status).toBe(201)
})

describe('when Stripe fails', () => {
  const update = { method: 'POST', path: '/v1/subscriptions/:id' } as const

  test('whoever joined is a member, and the hourly comparison sets the quantity once', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own, { plan: 'team' })
    own.stripe.faults.add({ ...update, kind: 'error', times: 99 })
    await join(person, 1, own)
    own.stripe.faults.clear()
    expect(await quantityOf(person, own)).toBe(1)
    expect((await stateOf(own, person)).subscription.seats).toMatchObject({ purchased: 1, used: 2 })
    // As if it had been tried for the last time.
    await own.app.pool.query(`delete from graphile_worker._private_jobs where key like 'follow-seats %'`)
    for (let hour = 0; hour < 2; hour++) {
      await reconcile(own.app)
      await own.flush()
    }
    expect(await quantityOf(person, own)).toBe(2)
    expect(await timesSet(person, own)).toBe(1)
  })

  test.each(['error-after-commit', 'truncated'] as const)(
    'an answer that is lost (%s) stands in nobody’s way, and nothing is done twice',
    async (kind) => {
      const person = await buyer(t, { plan: 'team' })
      t.stripe.faults.add({ ...update, kind, times: 3 })
      await newMember(t, person)
      await t.flush()
      t.stripe.faults.clear()
      const seats = { plan: 'team', interval: 'month', seats: 7 }
      const reply = await bill(t, person, 'subscription/change', seats)
      expect(reply.body.subscription.seats).toMatchObject({ purchased: 7, used: 2 })
      await t.flush()
      const { customer } = await subscriptionOf(t, person)
      const pending = t.stripe.store.listOf('invoiceitem', customer as string)
      expect(pending.map(({ proration, amount }) => [proration, amount])).toEqual(
        [-1900, 3800, -3800, 13300].map((amount) => [true, amount]),
      )
    },
  )

  test('an operation of somebody else is waited for, without noise', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own, { plan: 'team' })
    own.stripe.faults.add({ ...update, kind: 'truncated', times: 3 })
    const year = { plan: 'team', interval: 'year', seats: 3 }
    await bill(own, person, 'subscription/change', year)
    // The look shows that it was made, so that it need not be waited for; this one was not.
    own.stripe.faults.add({ path: '/v1/subscription_schedules', kind: 'truncated', times: 3 })
    await bill(own, person, 'subscription/change', { ...year, interval: 'month' })
    await join(person, 3, own)
    expect(await quantityOf(person, own)).toBe(3)
    expect(own.logged.filter((line) => line.includes('job failed'))).toEqual([])
    own.moveClock(6 * 60)
    await own.sweep()
    await own.flush()
    expect(await quantityOf(person, own)).toBe(4)
  })
})

test('more often than Stripe takes it in an hour nothing is set, and the last of it soon after', async () => {
  const own = await startStripeAppWith()
  const person = await buyer(own, { plan: 'team' })
  const { id } = await subscriptionOf(own, person)
  await own.app.pool.query(
    `insert into stripe_operations (id, account_id, kind, wish, created_at, finished_at, outcome)
     select gen_random_uuid(), $1, 'seats', '{}', $2::timestamptz, $2, 'done' from generate_series(1, 179)`,
    [person.accountId, own.app.now()],
  )
  await join(person, 1, own)
  expect(await quantityOf(person, own)).toBe(2)
  await join(person, 1, own)
  expect(await quantityOf(person, own)).toBe(2)
  own.moveClock(3600)
  await own.flush()
  expect(own.stripe.store.get('subscription', id)?.items.data[0]?.quantity).toBe(3)
})

test('seats that are bought are the limit, whoever joins, and fewer of them evict nobody', async () => {
  const own = await startStripeAppWith()
  const file = await readCatalogueFile(own.app.config.catalogueFile)
  const plans = file.plans.map((plan) => (plan.plan === 'team' ? { ...plan, seats: 'fixed' as const } : plan))
  await inTx(own.app, (tx) => applyCatalogue(tx, { ...file, plans }, own.app.now()))
  const person = await buyer(own, { plan: 'team', seats: 4 })
  await join(person, 1, own)
  expect(await quantityOf(person, own)).toBe(4)
  const email = newAddress()
  const { token } = await invited(own, person, email)
  await inPortal(person, { quantity: 1 }, own)
  expect((await stateOf(own, person)).subscription.seats).toMatchObject({ purchased: 1, used: 2, limit: 1 })
  expect((await sendInvite(own, person, newAddress())).body).toMatchObject({
    code: 'seat-limit-reached',
    limit: 1,
  })
  expect((await registerInvited(own, email, token)).body.code).toBe('seat-limit-reached')
  expect(Object.keys(await membersOf(own, person.accountId))).toHaveLength(2)
  expect(await quantityOf(person, own)).toBe(1)
  await inPortal(person, { quantity: 3 }, own)
  expect((await registerInvited(own, email, token)).status).toBe(201)
})
