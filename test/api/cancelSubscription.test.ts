import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bill, buyer, stateOf, subscriptionOf } from '../support/buyers.ts'
import { type StripeApp, startStripeApp, startStripeAppWith } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

test('it ends with the period, also if no event ever comes, and is taken back before', async () => {
  const own = await startStripeAppWith()
  const person = await buyer(own)
  const ending = await bill(own, person, 'subscription/cancel')
  const end = ending.body.subscription.current_period_end
  expect(ending.body).toMatchObject({
    has_pro_entitlement: true,
    subscription: { status: 'active', cancel_at_period_end: true, ends_at: end },
  })
  expect((await bill(own, person, 'subscription/cancel')).status).toBe(200)
  const resumed = await bill(own, person, 'subscription/resume')
  expect(resumed.body.subscription).toMatchObject({ cancel_at_period_end: false, ends_at: null })
  expect((await bill(own, person, 'subscription/resume')).status).toBe(200)

  await bill(own, person, 'subscription/cancel')
  own.stripe.deliveries.change({ drop: 1 })
  own.moveClock((Date.parse(end) - own.app.now().getTime()) / 1000 - 1)
  expect((await stateOf(own, person)).has_pro_entitlement).toBe(true)
  own.moveClock(1)
  expect((await stateOf(own, person)).has_pro_entitlement).toBe(false)
})

test('what was cancelled in the portal is resumed too', async () => {
  const person = await buyer(t)
  const { id, items } = await subscriptionOf(t, person)
  const end = items.data[0]?.current_period_end ?? 0
  await t.sdk.subscriptions.update(id, { cancel_at: end })
  await t.flush()
  expect((await stateOf(t, person)).subscription).toMatchObject({
    cancel_at_period_end: false,
    ends_at: new Date(end * 1000).toISOString(),
  })
  expect((await bill(t, person, 'subscription/resume')).body.subscription.ends_at).toBeNull()
  expect((await subscriptionOf(t, person)).cancel_at).toBeNull()
})

test('with a change that was scheduled', async () => {
  const person = await buyer(t, { plan: 'team', seats: 2 })
  await bill(t, person, 'subscription/change', { plan: 'pro', interval: 'month' })
  const reply = await bill(t, person, 'subscription/cancel')
  expect(reply.body.subscription).toMatchObject({ cancel_at_period_end: true, scheduled_change: null })
})

test('what was set to end after the next charge is not cancelled enough: it ends with this period, or the account stays', async () => {
  const person = await buyer(t)
  const { id, items } = await subscriptionOf(t, person)
  const end = items.data[0]?.current_period_end ?? 0
  await t.sdk.subscriptions.update(id, { cancel_at: end + 100 * 86_400 })
  await t.flush()
  const { rows } = await t.app.pool.query('select name from accounts where id = $1', [person.accountId])
  const close = () =>
    t.call('DELETE', '/v1/accounts/me', { body: { confirm: rows[0].name }, as: person.accessToken })
  expect((await close()).body).toMatchObject({ code: 'subscription-live' })
  const reply = await bill(t, person, 'subscription/cancel')
  expect(reply.body.subscription.ends_at).toBe(new Date(end * 1000).toISOString())
  expect((await close()).status).toBe(204)
})

describe('when the answer of Stripe is lost', () => {
  /** Cancels, and learns nothing of what became of it. */
  async function cancelInTheDark() {
    const person = await buyer(t)
    t.stripe.faults.add({ method: 'POST', path: '/v1/subscriptions/:id', kind: 'truncated', times: 9 })
    expect((await bill(t, person, 'subscription/cancel')).body.code).toBe('stripe-unavailable')
    t.stripe.faults.clear()
    return person
  }

  test('it can be taken back at once', async () => {
    const person = await cancelInTheDark()
    const reply = await bill(t, person, 'subscription/resume')
    expect(reply.body.subscription).toMatchObject({ cancel_at_period_end: false, ends_at: null })
  })

  test.each([['asked again before'], ['not asked again']])(
    'and it was undone in the portal, %s, the next one counts',
    async (when) => {
      const person = await cancelInTheDark()
      if (when.startsWith('asked')) expect((await bill(t, person, 'subscription/cancel')).status).toBe(200)
      const { id } = await subscriptionOf(t, person)
      await t.sdk.subscriptions.update(id, { cancel_at_period_end: false })
      const reply = await bill(t, person, 'subscription/cancel')
      expect(reply.body.subscription).toMatchObject({ cancel_at_period_end: true })
      expect((await subscriptionOf(t, person)).cancel_at_period_end).toBe(true)
    },
  )
})
