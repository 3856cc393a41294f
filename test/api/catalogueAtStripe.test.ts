import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyPrices, bringPrices, planPrices } from '../../src/billing/prices/applyPrices.ts'
import { reconcile } from '../../src/billing/reconcile/reconcile.ts'
import { applyCatalogue } from '../../src/catalogue/applyCatalogue.ts'
import { loadCatalogue } from '../../src/catalogue/catalogue.ts'
import { type CatalogueFile, readCatalogueFile } from '../../src/catalogue/catalogueFile.ts'
import { inTx } from '../../src/db/transaction.ts'
import {
  bill,
  buyer,
  checkout,
  pay,
  registerWithoutTrial,
  stateOf,
  subscriptionOf,
} from '../support/buyers.ts'
import { register } from '../support/people.ts'
import { type StripeApp, startStripeApp, startStripeAppWith } from '../support/stripeApp.ts'

let t: StripeApp
let shipped: CatalogueFile
beforeAll(async () => {
  t = await startStripeApp()
  shipped = await readCatalogueFile(t.app.config.catalogueFile)
})
afterAll(() => t.close())

const withPlan = (name: string, change: object): CatalogueFile => ({
  ...shipped,
  plans: shipped.plans.map((plan) => (plan.plan === name ? { ...plan, ...change } : plan)),
})
const apply = (file: CatalogueFile, app = t) => inTx(app.app, (tx) => applyCatalogue(tx, file, app.app.now()))
const pricesAt = (lookupKey: string, app = t) =>
  app.stripe.store.list('price').filter(({ lookup_key }) => lookup_key === lookupKey)

describe('products and prices at Stripe', () => {
  test('are made once, under lookup keys', async () => {
    expect(await bringPrices(t.app)).toEqual([])
    expect(t.stripe.store.list('product').map(({ id }) => id)).toEqual(['frontgate_pro', 'frontgate_team'])
    expect(pricesAt('frontgate_pro_year')).toMatchObject([
      { unit_amount: 29000, currency: 'usd', product: 'frontgate_pro', recurring: { interval: 'year' } },
    ])
  })

  test('two at once make them once', async () => {
    const own = await startStripeAppWith({}, { prices: false })
    await Promise.all([bringPrices(own.app), bringPrices(own.app)])
    expect(pricesAt('frontgate_pro_month', own)).toHaveLength(1)
  })

  test('a changed amount is shown before, becomes a new price, and subscriptions keep theirs', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own)
    const before = (await subscriptionOf(own, person)).items.data[0]?.price.id
    const [old] = pricesAt('frontgate_pro_month', own)
    await apply(withPlan('pro', { price: { currency: 'usd', month: 3900, year: 29000 } }), own)
    const stripe = own.sdk
    const steps = await planPrices(stripe, await loadCatalogue(own.app.db))
    expect(steps.flatMap(({ says }) => says ?? [])).toEqual([
      '~ price of pro a month: 29.00 USD → 39.00 USD; subscriptions keep theirs',
    ])
    expect(pricesAt('frontgate_pro_month', own)).toEqual([old])
    await applyPrices(own.app, stripe, steps)
    expect(own.stripe.store.get('price', old?.id ?? '')).toEqual({ ...old, lookup_key: null })
    expect((await subscriptionOf(own, person)).items.data[0]?.price.id).toBe(before)
    expect(await stateOf(own, person)).toMatchObject({ plan: 'pro' })
    const { body } = await checkout(own, await register(own))
    const { data } = await own.sdk.checkout.sessions.listLineItems(body.id)
    expect(data[0]?.price?.unit_amount).toBe(3900)
    await apply(shipped, own)
    await bringPrices(own.app)
    expect(pricesAt('frontgate_pro_month', own)[0]?.id).not.toBe(old?.id)
  })

  test('nobody is asked for another amount than is shown, whatever was open or cut off when it changed', async () => {
    const own = await startStripeAppWith()
    const person = await register(own)
    const before = await checkout(own, person)
    await apply(withPlan('pro', { price: { currency: 'usd', month: 3900, year: 29000 } }), own)
    await expect.poll(async () => (await checkout(own, person)).body.code).toBe('stripe-not-configured')
    await bringPrices(own.app)
    const after = await checkout(own, person)
    expect(after.body.id).not.toBe(before.body.id)
    const { data } = await own.sdk.checkout.sessions.listLineItems(after.body.id)
    expect(data[0]?.price?.unit_amount).toBe(3900)
  })

  test('a plan of which Stripe has prices cannot be dropped from the file', async () => {
    const plans = shipped.plans.filter(({ plan }) => plan !== 'team')
    await expect(apply({ ...shipped, plans })).rejects.toThrow(/team.*has to stay in the file/)
  })

  test('a plan without a price there cannot be bought, and says what to do', async () => {
    const own = await startStripeAppWith()
    await own.app.pool.query('delete from stripe_prices')
    const reply = await checkout(own, await register(own))
    expect(reply.status).toBe(503)
    expect(reply.body).toMatchObject({
      code: 'stripe-not-configured',
      detail: expect.stringContaining('catalogue apply'),
    })
  })
})

describe('limits that are pinned', () => {
  test('stay for those who bought, not for others, and not after a change of plan', async () => {
    const own = await startStripeAppWith()
    await apply(withPlan('pro', { pin_limits: true, limits: { members: 5, trees: 100 } }), own)
    const [pinned, other] = [await buyer(own), await buyer(own, { plan: 'team' })]
    await apply(withPlan('pro', { pin_limits: true, limits: { members: 5, trees: 7 } }), own)
    own.moveClock(1)
    const later = await buyer(own)
    const trees = async (person: typeof pinned) => (await stateOf(own, person)).plan_limits.trees
    expect([await trees(pinned), await trees(later), await trees(other)]).toEqual([100, 7, 1000])
    await own.advance(40 * 86_400)
    expect(await trees(pinned)).toBe(100)
    await bill(own, pinned, 'subscription/change', { plan: 'team', interval: 'month' })
    expect(await trees(pinned)).toBe(1000)
  })

  test('are those of the purchase, also when it is heard of after they changed', async () => {
    const own = await startStripeAppWith()
    const limits = (trees: number) => withPlan('pro', { pin_limits: true, limits: { members: 5, trees } })
    await apply(limits(100), own)
    const person = await registerWithoutTrial(own)
    const { body } = await checkout(own, person)
    own.stripe.deliveries.change({ drop: 1 })
    pay(own, body.id)
    own.moveClock(60)
    await apply(limits(7), own)
    await reconcile(own.app)
    expect((await stateOf(own, person)).plan_limits.trees).toBe(100)
  })

  test('are not those of a plan that does not ask for it', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own)
    await apply(withPlan('pro', { limits: { members: 5, trees: 7 } }), own)
    expect((await stateOf(own, person)).plan_limits.trees).toBe(7)
  })
})
