import { afterAll, beforeAll, expect, test } from 'vitest'
import { bill, buyer, stateOf, subscriptionOf } from '../support/buyers.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

test('opens for those who have bought, for what they came for', async () => {
  const person = await buyer(t)
  for (const flow of [undefined, 'payment_method', 'cancel', 'change_plan']) {
    const reply = await bill(t, person, 'portal-session', flow ? { flow } : {})
    expect(reply.status).toBe(201)
    expect(reply.body.url).toMatch(/^http:\/\/localhost:4100\/stripe\/portal\//)
  }
})

test('a customer that was deleted at Stripe has none, and is not offered one, also where no event told of it', async () => {
  const person = await buyer(t)
  const { id, customer } = await subscriptionOf(t, person)
  await t.sdk.subscriptions.cancel(id)
  await t.flush()
  t.stripe.deliveries.change({ drop: 1 })
  await t.sdk.customers.del(customer as string)
  t.stripe.deliveries.change({ drop: 0 })
  expect((await stateOf(t, person)).actions).toMatchObject({ portal: true })
  expect((await bill(t, person, 'portal-session')).body.code).toBe('no-subscription')
  expect((await stateOf(t, person)).actions).toMatchObject({ portal: false })
  expect(
    t.logged.some((line) => line.includes('deleted at Stripe') && line.includes(customer as string)),
  ).toBe(true)
})
