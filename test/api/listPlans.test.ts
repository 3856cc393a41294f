import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyCatalogue } from '../../src/catalogue/applyCatalogue.ts'
import { readCatalogueFile } from '../../src/catalogue/catalogueFile.ts'
import { inTx } from '../../src/db/transaction.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
})
afterAll(() => t.close())

test('200: the public plans from the lowest to the highest, with prices, limits and features', async () => {
  const reply = await t.call('GET', '/v1/plans')
  expect(reply.status).toBe(200)
  expect(reply.body.next_cursor).toBeNull()
  expect(reply.body.data).toEqual([
    {
      plan: 'free',
      display_name: 'Free',
      description: 'For a first look.',
      currency: null,
      month: null,
      year: null,
      per_seat: false,
      contact_sales: false,
      limits: { members: 3, trees: 1, kb_conversions: { per: 'month', amount: 0 } },
      features: { flowpilot: false, scripts: false },
    },
    {
      plan: 'pro',
      display_name: 'Pro',
      description: 'For a support team that means it.',
      currency: 'usd',
      month: 2900,
      year: 29000,
      per_seat: false,
      contact_sales: false,
      limits: { members: 5, trees: 100, kb_conversions: { per: 'month', amount: 50 } },
      features: { flowpilot: true, scripts: true },
    },
    {
      plan: 'team',
      display_name: 'Team',
      description: 'For several teams, billed by the seat.',
      currency: 'usd',
      month: 1900,
      year: 19000,
      per_seat: true,
      contact_sales: false,
      limits: { members: 50, trees: 1000, kb_conversions: { per: 'month', amount: 500 } },
      features: { flowpilot: true, scripts: true },
    },
    {
      plan: 'enterprise',
      display_name: 'Enterprise',
      description: 'For everyone else: talk to us.',
      currency: null,
      month: null,
      year: null,
      per_seat: false,
      contact_sales: true,
      limits: { members: null, trees: null, kb_conversions: { per: 'month', amount: null } },
      features: { flowpilot: true, scripts: true },
    },
  ])
})

test('a plan that is not public is not listed, and a feature that is off is off in every plan', async () => {
  const file = await readCatalogueFile(t.app.config.catalogueFile)
  const plans = file.plans.map((plan) => (plan.plan === 'team' ? { ...plan, public: false } : plan))
  const features = { ...file.features, scripts: { description: 'Scripts', enabled: false, default: true } }
  await inTx(t.app, (tx) => applyCatalogue(tx, { plans, features }, t.app.now()))
  const { body } = await t.call('GET', '/v1/plans')
  expect(body.data.map(({ plan }: { plan: string }) => plan)).toEqual(['free', 'pro', 'enterprise'])
  expect(body.data.map(({ features: has }: { features: object }) => has)).toEqual([
    { flowpilot: false, scripts: false },
    { flowpilot: true, scripts: false },
    { flowpilot: true, scripts: false },
  ])
})
