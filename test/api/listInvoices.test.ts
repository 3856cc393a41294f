import { afterAll, beforeAll, expect, test } from 'vitest'
import { atStripe, bill, buyer } from '../support/buyers.ts'
import { register } from '../support/people.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

test('are listed page by page, the newest first', async () => {
  const person = await buyer(t)
  await bill(t, person, 'subscription/change', { plan: 'pro', interval: 'year' })
  const list = async (query = '') =>
    (await t.call('GET', `/v1/billing/invoices${query}`, { as: person.accessToken })).body
  const all = await list()
  expect(all.data.map(({ total }: { total: number }) => total)).toEqual([29000 - 2900, 2900])
  expect(all.data[0]).toMatchObject({
    status: 'paid',
    currency: 'usd',
    number: expect.any(String),
    page: expect.any(String),
  })
  const first = await list('?limit=1')
  expect(first.data).toEqual([all.data[0]])
  expect((await list(`?limit=1&cursor=${first.next_cursor}`)).data).toEqual([all.data[1]])
  const bad = await t.call('GET', '/v1/billing/invoices?cursor=nonsense', { as: person.accessToken })
  expect(bad.status).toBe(422)
})

test('of an account that never bought are none, and nobody asks Stripe', async () => {
  const person = await register(t)
  const before = t.stripe.requests.list().length
  const reply = await t.call('GET', '/v1/billing/invoices', { as: person.accessToken })
  expect(reply.body).toEqual({ data: [], next_cursor: null })
  expect(t.stripe.requests.list()).toHaveLength(before)
  expect(await atStripe(t, person)).toEqual([])
})
