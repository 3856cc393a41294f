import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyCatalogue } from '../../src/catalogue/applyCatalogue.ts'
import { readCatalogueFile } from '../../src/catalogue/catalogueFile.ts'
import { inTx } from '../../src/db/transaction.ts'
import { operatorToken } from '../support/people.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

const catalogue = async () => t.call('GET', '/v1/operator/catalogue', { as: await operatorToken(t) })

test('every plan as pricing pages are told of it, also one that is not public, features and prices', async () => {
  const file = await readCatalogueFile(t.app.config.catalogueFile)
  const { body: before } = await catalogue()
  t.moveClock(60)
  const plans = file.plans.map((plan) => (plan.plan === 'team' ? { ...plan, public: false } : plan))
  const features = { ...file.features, beta: { description: 'To try', enabled: false, default: true } }
  await inTx(t.app, (tx) => applyCatalogue(tx, { plans, features }, t.app.now()))

  const { status, body } = await catalogue()
  expect(status).toBe(200)
  expect(body.version).toBe(before.version + 1)
  expect(body.applied_at).toBe(t.app.now().toISOString())
  expect(body.plans.map(({ plan }: { plan: string }) => plan)).toEqual(file.plans.map(({ plan }) => plan))
  const { body: sold } = await t.call('GET', '/v1/plans')
  for (const plan of sold.data) expect(body.plans).toContainEqual(expect.objectContaining(plan))
  expect(sold.data).toHaveLength(file.plans.length - 1)
  expect(body.plans[2]).toMatchObject({ plan: 'team', public: false, seats: 'follow', per_seat: true })
  expect(body.features).toContainEqual({
    name: 'beta',
    description: 'To try',
    enabled: false,
    default: true,
  })
  expect(body.prices).toContainEqual({
    stripe_price_id: expect.stringMatching(/^price_/),
    plan: 'pro',
    interval: 'month',
    currency: 'usd',
    amount: 2900,
    created_at: expect.any(String),
    retired_at: null,
  })
})
