import fc from 'fast-check'
import type { Catalogue, Feature, Plan } from '../../src/catalogue/catalogue.ts'
import {
  type AccountFacts,
  type Grant,
  type SubscriptionFacts,
  sources,
} from '../../src/entitlements/facts.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

/** Noon of a day that no test depends on. */
export const noon = new Date('2026-03-10T12:00:00.000Z')

/** That many days after `noon`, or before it. */
export function days(count: number): Date {
  return new Date(noon.getTime() + count * DAY)
}

/** A plan as the catalogue has it, the lowest unless `rank` says more. */
export function plan(name: string, rank: number, rest: Partial<Plan> = {}): Plan {
  return {
    plan: name,
    rank,
    displayName: name,
    description: '',
    public: true,
    contactSales: false,
    seats: null,
    pinLimits: false,
    price: null,
    limits: {
      members: { amount: rank, per: null },
      calls: { amount: 10 * rank, per: 'month' },
      exports: { amount: rank, per: 'billing_month' },
    },
    features: {},
    ...rest,
  }
}

const features: Feature[] = [
  { name: 'flowpilot', description: '', enabled: true, fallback: false },
  { name: 'scripts', description: '', enabled: true, fallback: true },
  { name: 'retired', description: '', enabled: false, fallback: true },
]

/** free, pro and team, and a plan that is not for sale; three features, one of which is off for everybody. */
export const catalogue: Catalogue = {
  version: 1,
  features,
  plans: [
    plan('free', 0),
    plan('pro', 1, { features: { flowpilot: true, retired: true } }),
    plan('team', 2, { features: { flowpilot: true, scripts: false }, limits: {} }),
    plan('internal', 3, { public: false, features: { flowpilot: true } }),
  ],
  planOf(name) {
    const found = this.plans.find((candidate) => candidate.plan === name)
    if (!found) throw new Error(`no plan ${name}`)
    return found
  },
}

/** A grant that is in force at `noon`. */
export function grant(rest: Partial<Grant> = {}): Grant {
  return {
    id: 'grant',
    source: 'trial',
    plan: 'pro',
    from: days(-1),
    until: days(1),
    pinnedVersion: null,
    anchor: rest.from ?? days(-1),
    ...rest,
  }
}

/** An active monthly subscription that renews in 20 days. */
export function subscription(rest: Partial<SubscriptionFacts> = {}): SubscriptionFacts {
  return {
    status: 'active',
    plan: 'pro',
    interval: 'month',
    currentPeriodEnd: days(20),
    trialEnd: null,
    cancelAtPeriodEnd: false,
    cancelAt: null,
    pastDueSince: null,
    seats: null,
    scheduled: null,
    isCustomer: true,
    ...rest,
  }
}

/** The facts of an account with one member and nothing else. */
export function facts(rest: Partial<AccountFacts> = {}): AccountFacts {
  return {
    accountId: '01900000-0000-7000-8000-000000000000',
    grants: [],
    subscription: null,
    featureOverrides: [],
    limitOverrides: [],
    usage: [],
    members: 1,
    inviteEnds: [],
    catalogueVersion: 1,
    ...rest,
  }
}

/** Every word Stripe has for a subscription. */
export const statuses = [
  'trialing',
  'active',
  'past_due',
  'unpaid',
  'incomplete',
  'incomplete_expired',
  'paused',
  'canceled',
] as const

/** Instants within two months of `noon`, many of them whole days from it, so that edges meet. */
export const someInstant = fc.oneof(
  fc.integer({ min: -60, max: 60 }).map(days),
  fc.integer({ min: -60 * DAY, max: 60 * DAY }).map((millis) => new Date(noon.getTime() + millis)),
)
const someEnd = fc.option(someInstant)

const someGrant: fc.Arbitrary<Grant> = fc
  .record({
    id: fc.uuid(),
    source: fc.constantFrom(...sources),
    plan: fc.constantFrom(...catalogue.plans.map((candidate) => candidate.plan)),
    from: someInstant,
    until: someEnd,
    pinnedVersion: fc.constant(null),
    anchor: someInstant,
  })
  .filter(({ from, until }) => until === null || until >= from)

export const someSubscription: fc.Arbitrary<SubscriptionFacts> = fc.record({
  status: fc.constantFrom(...statuses, 'a_word_of_tomorrow'),
  interval: fc.constantFrom('month', 'year', null),
  plan: fc.constantFrom('pro', 'team', null),
  currentPeriodEnd: someEnd,
  trialEnd: someEnd,
  cancelAtPeriodEnd: fc.boolean(),
  cancelAt: someEnd,
  pastDueSince: someEnd,
  seats: fc.option(fc.integer({ min: 1, max: 50 })),
  scheduled: fc.constant(null),
  isCustomer: fc.boolean(),
})

export const someFacts: fc.Arbitrary<AccountFacts> = fc.record({
  accountId: fc.uuid(),
  grants: fc.array(someGrant, { maxLength: 5 }),
  subscription: fc.option(someSubscription),
  featureOverrides: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...features.map(({ name }) => name)),
      value: fc.boolean(),
      until: someEnd,
    }),
    { selector: ({ name }) => name },
  ),
  limitOverrides: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('members', 'calls', 'exports'),
      amount: fc.option(fc.nat(99)),
      until: someEnd,
    }),
    { selector: ({ name }) => name },
  ),
  usage: fc.constantFrom(
    [],
    [{ name: 'calls', periodStart: new Date('2026-03-01T00:00:00.000Z'), used: 7 }],
    [{ name: 'calls', periodStart: new Date('2026-02-01T00:00:00.000Z'), used: 9 }],
  ),
  members: fc.integer({ min: 1, max: 9 }),
  inviteEnds: fc.array(someInstant, { maxLength: 3 }),
  catalogueVersion: fc.constant(1),
})
