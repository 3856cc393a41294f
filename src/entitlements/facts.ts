/** Why an account has a plan, from one instant to another. Earlier ones win among equal plans. */
export const sources = ['override', 'stripe', 'complimentary', 'trial'] as const
export type Source = (typeof sources)[number]

/** Access to a plan in the half-open interval [from, until); `until` null is open-ended. */
export interface Grant {
  id: string
  source: Source
  plan: string
  from: Date
  until: Date | null
  /** The version of the catalogue whose limits of the plan hold; null for those of today. */
  pinnedVersion: number | null
  /** From when months are counted by those who are on it: where Stripe's periods begin, else `from`. */
  anchor: Date
}

/** What Stripe says of the account's subscription, as mirrored here. */
export interface SubscriptionFacts {
  /** Stripe's own word; Stripe may add words, and unknown ones give no access. */
  status: string
  /** Null for a price that buys no plan of ours. */
  plan: string | null
  interval: 'month' | 'year' | null
  currentPeriodEnd: Date | null
  trialEnd: Date | null
  cancelAtPeriodEnd: boolean
  cancelAt: Date | null
  pastDueSince: Date | null
  /** What was bought, where the plan is billed by the seat. */
  seats: number | null
  /** What it becomes with the next period; null when it stays. `at` is RFC 3339. */
  scheduled: { plan: string | null; interval: 'month' | 'year' | null; quantity: number; at: string } | null
  /** Whether Stripe has the account as a customer still. */
  isCustomer: boolean
}

/** A feature that was switched for the account alone, until an instant or for good. */
export interface FeatureOverride {
  name: string
  value: boolean
  until: Date | null
}

/** A limit that was set for the account alone, until an instant or for good. */
export interface LimitOverride {
  name: string
  /** Null is unlimited. */
  amount: number | null
  until: Date | null
}

/** What was counted of a limit in one period. */
export interface UsageCount {
  name: string
  /** The epoch for a level. */
  periodStart: Date
  used: number
}

/** All that decides what an account may do, as one statement saw it. */
export interface AccountFacts {
  accountId: string
  grants: Grant[]
  subscription: SubscriptionFacts | null
  featureOverrides: FeatureOverride[]
  limitOverrides: LimitOverride[]
  /** Of each limit the count of the level, and those of the latest periods. */
  usage: UsageCount[]
  members: number
  /** When each invite that holds a seat stops doing so; that may be in the past. */
  inviteEnds: Date[]
  catalogueVersion: number
}
