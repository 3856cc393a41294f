import { afterAll, beforeAll, expect, test } from 'vitest'
import { bill, buyer, checkout, FAILS_LATER, subscriptionOf } from '../support/buyers.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'
import { expectProblem, metWithStripe, type Refusal } from './refusals.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

/** For each code the least that makes somebody with a subscription meet it. */
const scenarios: Record<(typeof metWithStripe)[number], () => Promise<Refusal>> = {
  'already-subscribed': async () => checkout(t, await buyer(t)),
  async 'change-in-progress'() {
    const person = await buyer(t)
    const { id } = await subscriptionOf(t, person)
    const wish = { subscription: id, plan: 'team', interval: 'month', quantity: 2 }
    await t.app.pool.query(
      `insert into stripe_operations (id, account_id, kind, wish, created_at)
       values (gen_random_uuid(), $1, 'change', $2, $3)`,
      [person.accountId, wish, t.app.now()],
    )
    return bill(t, person, 'subscription/cancel')
  },
  async 'payment-failed'() {
    const person = await buyer(t)
    const { id, customer } = await subscriptionOf(t, person)
    const card = { number: FAILS_LATER, exp_month: 4, exp_year: 2040, cvc: '123' }
    const failing = await t.sdk.paymentMethods.create({ type: 'card', card })
    await t.sdk.paymentMethods.attach(failing.id, { customer: customer as string })
    await t.sdk.subscriptions.update(id, { default_payment_method: failing.id })
    return bill(t, person, 'subscription/change', { plan: 'team', interval: 'month', seats: 3 })
  },
  async 'subscription-not-changeable'() {
    const person = await buyer(t)
    await bill(t, person, 'subscription/cancel')
    return bill(t, person, 'subscription/change', { plan: 'team', interval: 'month', seats: 3 })
  },
}

test('there is a scenario for each code that takes Stripe', () => {
  expect(Object.keys(scenarios).sort()).toEqual([...metWithStripe].sort())
})

test.each(metWithStripe)('%s: somebody meets it, in the words of RFC 9457', async (code) => {
  expectProblem(code, await scenarios[code]())
})
