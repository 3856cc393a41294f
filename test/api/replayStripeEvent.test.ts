import { afterAll, beforeAll, expect, test } from 'vitest'
import { buyer, stateOf, subscriptionOf } from '../support/buyers.ts'
import { operatorToken } from '../support/people.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

interface Listed {
  id: string
  type: string
  status: string
  reason: string | null
}

async function eventsOf(customer: string): Promise<Listed[]> {
  const url = `/v1/operator/stripe-events?limit=100&customer=${customer}`
  return (await t.call('GET', url, { as: await operatorToken(t) })).body.data
}

async function replay({ id }: Listed): Promise<void> {
  const as = await operatorToken(t)
  const reply = await t.call('POST', `/v1/operator/stripe-events/${id}/replay`, { as, body: {} })
  expect(reply.status).toBe(202)
  await t.flush()
}

test('what was parked for a price of nobody’s is followed once the price is known', async () => {
  const person = await buyer(t)
  const { id, customer, items } = await subscriptionOf(t, person)
  const price = await t.sdk.prices.create({
    currency: 'usd',
    unit_amount: 100,
    recurring: { interval: 'month' },
    product_data: { name: 'Something else' },
  })
  const item = items.data[0]?.id ?? ''
  await t.sdk.subscriptions.update(id, { items: [{ id: item, price: price.id }] })
  await t.flush()
  const parked = async () => (await eventsOf(customer as string)).filter(({ status }) => status === 'parked')
  const [first, ...others] = await parked()
  expect(first?.reason).toContain(price.id)

  await replay(first as Listed)
  expect((await parked()).find((event) => event.id === first?.id)?.reason).toContain(price.id)
  expect((await stateOf(t, person)).plan).toBe('free')

  await t.app.pool.query(
    `insert into stripe_prices (stripe_price_id, stripe_product_id, plan, billing_interval, currency, amount_minor, created_at, retired_at)
     values ($1, $2, 'team', 'month', 'usd', 100, $3, $3)`,
    [price.id, price.product, t.app.now()],
  )
  for (const event of [first, ...others]) await replay(event as Listed)
  expect(await parked()).toEqual([])
  expect((await stateOf(t, person)).plan).toBe('team')
})

test('what was ignored as somebody else’s is ignored again, for that reason', async () => {
  const { id } = await t.sdk.customers.create({ name: 'A stranger' })
  await t.flush()
  const [event] = await eventsOf(id)
  expect(event).toMatchObject({ status: 'ignored', reason: 'unknown-customer' })
  await replay(event as Listed)
  expect(await eventsOf(id)).toEqual([event])
})

test('what was handled can be followed again, and changes nothing that is as it was', async () => {
  const person = await buyer(t)
  const { customer } = await subscriptionOf(t, person)
  const before = await stateOf(t, person)
  const events = await eventsOf(customer as string)
  // That the customer was made may be heard before it is written down whose it is, and is ignored then.
  const later = events.filter(({ type }) => type !== 'customer.created')
  expect(new Set(later.map(({ status }) => status))).toEqual(new Set(['handled']))
  await replay(later[0] as Listed)
  const statusesOf = (listed: Listed[]) => listed.map(({ id, status }) => ({ id, status }))
  expect(statusesOf(await eventsOf(customer as string))).toEqual(statusesOf(events))
  expect(await stateOf(t, person)).toEqual(before)
})
