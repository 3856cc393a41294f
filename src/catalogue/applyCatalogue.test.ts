import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { register } from '../../test/support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../../test/support/testApp.ts'
import { inTx } from '../db/transaction.ts'
import { applyCatalogue } from './applyCatalogue.ts'
import { loadCatalogue } from './catalogue.ts'
import { type CatalogueFile, readCatalogueFile } from './catalogueFile.ts'

let t: TestApp
let shipped: CatalogueFile
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
  shipped = await readCatalogueFile(t.app.config.catalogueFile)
})
afterAll(() => t.close())

const apply = (file: CatalogueFile) => inTx(t.app, (tx) => applyCatalogue(tx, file, t.app.now()))
const version = async () => (await loadCatalogue(t.app.db)).version
/** The shipped catalogue with one plan changed. */
const withPlan = (name: string, change: object): CatalogueFile => ({
  ...shipped,
  plans: shipped.plans.map((plan) => (plan.plan === name ? { ...plan, ...change } : plan)),
})

describe('what differs is said and done', () => {
  test('applying the same file again changes nothing, not even the version', async () => {
    const before = await version()
    expect(await apply(shipped)).toEqual([])
    expect(await version()).toBe(before)
  })

  test('a changed price, limit, feature and order are named with old and new value', async () => {
    const changed = withPlan('team', {
      price: { currency: 'eur', month: 2000 },
      limits: { members: 60 },
      seats: 'fixed',
    })
    changed.plans.splice(1, 2, ...changed.plans.slice(1, 3).reverse())
    changed.features = {
      ...shipped.features,
      scripts: { description: 'Scripts', enabled: false, default: true },
    }
    const differences = await apply(changed)
    expect(differences).toContain(
      '~ plan team: price {"currency":"usd","month":1900,"year":19000} → {"currency":"eur","month":2000,"year":null}',
    )
    expect(differences).toContain('~ plan team: seats "follow" → "fixed"')
    expect(differences).toContain('~ plan team: rank 2 → 1')
    expect(differences).toContain('~ feature scripts: enabled true → false')
    const applied = await loadCatalogue(t.app.db)
    expect(applied.plans.map(({ plan }) => plan)).toEqual(['free', 'team', 'pro', 'enterprise'])
    expect(applied.planOf('team')).toMatchObject({
      seats: 'fixed',
      limits: { members: { amount: 60, per: null } },
    })
    await apply(shipped)
    expect(await apply(shipped)).toEqual([])
  })

  test('plans and features come and go', async () => {
    const basic = {
      plan: 'basic',
      display_name: 'Basic',
      description: '',
      limits: {},
      features: { sso: true },
    }
    const grown: CatalogueFile = {
      features: {
        ...shipped.features,
        sso: { description: 'Single sign-on', enabled: true, default: false },
      },
      plans: [...shipped.plans, basic],
    }
    expect(await apply(grown)).toEqual(['+ plan basic', '+ feature sso'])
    expect(await apply(shipped)).toEqual(['- plan basic', '- feature sso'])
  })
})

describe('what accounts rest on stays', () => {
  test('a plan that a grant refers to is not removed, and nothing else of the file is applied', async () => {
    const person = await register(t)
    const without = withPlan('free', { display_name: 'Gratis' })
    without.plans = without.plans.filter(({ plan }) => plan !== 'pro')
    await expect(apply(without)).rejects.toThrow(/grants of pro.*"public": false/)
    const state = await t.call('GET', '/v1/billing/state', { as: person.accessToken })
    expect(state.body).toMatchObject({ plan: 'pro' })
    expect((await loadCatalogue(t.app.db)).planOf('free').displayName).toBe('Free')
  })

  test('a feature that an account has its own value of is not removed', async () => {
    const person = await register(t)
    await t.app.pool.query(
      `insert into account_features (account_id, name, value, reason, set_by, set_at) values ($1, 'scripts', false, 'abuse', 'system', $2)`,
      [person.accountId, t.app.now()],
    )
    const { flowpilot } = shipped.features
    const plans = shipped.plans.map((plan) => ({ ...plan, features: {} }))
    await expect(apply({ features: flowpilot ? { flowpilot } : {}, plans })).rejects.toThrow(
      /value of scripts/,
    )
  })
})

test('accounts see a changed limit, and products a feature that was switched off, within moments', async () => {
  const person = await register(t)
  const guarded = () => t.call('GET', '/v1/forward-auth?feature=flowpilot', { as: person.accessToken })
  expect((await guarded()).status).toBe(200)
  const changed = withPlan('pro', { limits: { members: 6 } })
  changed.features = {
    ...shipped.features,
    flowpilot: { description: 'FlowPilot', enabled: false, default: true },
  }
  await apply(changed)
  await expect
    .poll(() => t.call('GET', '/v1/billing/state', { as: person.accessToken }).then(({ body }) => body), {
      timeout: 10_000,
    })
    .toMatchObject({ plan_limits: { members: 6 }, features: { flowpilot: false } })
  const refused = await guarded()
  expect(refused.status).toBe(402)
  expect(refused.body).toMatchObject({
    code: 'feature-not-in-plan',
    feature: 'flowpilot',
    required_plan: null,
  })
  await apply(shipped)
})

test('two commands at once wait for each other, and the second finds nothing to do', async () => {
  const changed = withPlan('pro', { display_name: 'Professional' })
  const [first, second] = await Promise.all([apply(changed), apply(changed)])
  expect([first.length, second.length].sort()).toEqual([0, 1])
  await apply(shipped)
})

describe('whatever fits the file format', () => {
  const name = fc.constantFrom('calls', 'members', 'trees', 'constructor', 'a')
  const amount = fc.option(fc.nat(1_000_000))
  const flagNames = ['sso', 'scripts', 'constructor']
  const features = fc.dictionary(
    fc.constantFrom(...flagNames),
    fc.record({ description: fc.string(), enabled: fc.boolean(), default: fc.boolean() }),
  )
  const price = fc.record(
    { currency: fc.constantFrom('usd', 'eur'), month: fc.nat(99_999), year: fc.nat(999_999) },
    { requiredKeys: ['currency', 'month'] },
  )
  const planEntry = fc.record(
    {
      display_name: fc.string({ minLength: 1 }),
      description: fc.string(),
      public: fc.boolean(),
      contact_sales: fc.boolean(),
      seats: fc.constantFrom('follow', 'fixed'),
      price,
      limits: fc.dictionary(
        name,
        fc.oneof(amount, fc.record({ per: fc.constantFrom('month', 'billing_month'), amount })),
      ),
      values: fc.dictionary(fc.constantFrom(...flagNames), fc.boolean()),
    },
    { requiredKeys: ['display_name', 'description', 'limits', 'values'] },
  )
  const order = fc.shuffledSubarray(['free', 'pro', 'team', 'basic'], { minLength: 2 })
  const someFile = fc
    .tuple(features, order, fc.array(planEntry, { minLength: 4, maxLength: 4 }))
    .map(([flags, plans, entries]) => ({
      features: flags,
      plans: plans.map((plan, i) => {
        const { values = {}, ...entry } = entries[i] ?? {}
        const known = Object.entries(values).filter(([flag]) => Object.hasOwn(flags, flag))
        return { plan, ...entry, features: Object.fromEntries(known) }
      }),
    })) as fc.Arbitrary<CatalogueFile>

  test('is read back as it was applied, and applying it again finds nothing', async () => {
    const { app } = await startTestAppWith({}, { work: false })
    await fc.assert(
      fc.asyncProperty(someFile, async (file) => {
        await inTx(app, (tx) => applyCatalogue(tx, file, app.now()))
        const { plans, features: flags } = await loadCatalogue(app.db)
        expect(plans.map(({ plan }) => plan)).toEqual(file.plans.map(({ plan }) => plan))
        expect(plans.map((plan) => plan.features)).toEqual(file.plans.map((plan) => plan.features))
        expect(plans.map(({ price: cost }) => cost?.month)).toEqual(
          file.plans.map((plan) => plan.price?.month),
        )
        expect(plans.map(({ limits }) => Object.keys(limits).sort())).toEqual(
          file.plans.map(({ limits }) => Object.keys(limits).sort()),
        )
        expect(flags.map(({ name: flag }) => flag)).toEqual(Object.keys(file.features).sort())
        expect(await inTx(app, (tx) => applyCatalogue(tx, file, app.now()))).toEqual([])
      }),
      { numRuns: 25 },
    )
  })
})
