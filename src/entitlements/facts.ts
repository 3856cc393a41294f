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
}

/** What Stripe says of the account's subscription, as mirrored here. */
export interface SubscriptionFacts {
  /** Stripe's own word; Stripe may add words, and unknown ones give no access. */
  status: string
  interval: 'month' | 'year' | null
  currentPeriodEnd: Date | null
  cancelAtPeriodEnd: boolean
  cancelAt: Date | null
  pastDueSince: Date | null
  seats: number | null
}

export interface FeatureOverride {
  name: string
  value: boolean
  until: Date | null
}

export interface UsageCount {
  name: string
  periodStart: Date
  used: number
}

/** All that decides what an account may do, as one statement saw it. */
export interface AccountFacts {
  accountId: string
  grants: Grant[]
  subscription: SubscriptionFacts | null
  featureOverrides: FeatureOverride[]
  usage: UsageCount[]
  members: number
  catalogueVersion: number
}
