import type { Catalogue, Plan, PlanLimit } from '../catalogue/catalogue.ts'
import { namedLimits, planHasFeature } from '../catalogue/rules.ts'
import type { SubscriptionReason } from '../problems.ts'
import { type AccountFacts, type FeatureOverride, type Grant, type LimitOverride, sources } from './facts.ts'
import { isFollowed, isLive } from './truthTable.ts'

/** The plan of accounts without a grant. */
export const FREE = 'free'
/** The plan that `has_pro_entitlement` asks for. */
export const PRO = 'pro'
/** The limit that Frontgate counts itself: members, and invites that are out. */
export const MEMBERS = 'members'

/** The plan an account is on, and the grant it is on it for. */
export type Decision =
  | { kind: 'granted'; plan: Plan; grant: Grant }
  /** Nothing in force: the plan is free. */
  | { kind: 'free'; plan: Plan; reason: Exclude<SubscriptionReason, 'plan-too-low'> }

/** Whether `at` lies in [from, until). */
export function isInForce({ from, until }: Pick<Grant, 'from' | 'until'>, at: Date): boolean {
  return from <= at && (until === null || at < until)
}

/**
 * The one decision everything else asks: of the grants in force the highest plan wins, among equal plans the
 * source that stands first, and of equal sources the one that lasts longest.
 */
export function decide(facts: AccountFacts, catalogue: Catalogue, at: Date): Decision {
  const [best] = facts.grants
    .filter((grant) => isInForce(grant, at))
    .map((grant) => ({ grant, plan: catalogue.planOf(grant.plan, grant.pinnedVersion) }))
    .sort(
      (a, b) =>
        b.plan.rank - a.plan.rank ||
        sources.indexOf(a.grant.source) - sources.indexOf(b.grant.source) ||
        lasting(b.grant) - lasting(a.grant),
    )
  if (best) return { kind: 'granted', ...best }
  return { kind: 'free', plan: catalogue.planOf(FREE), reason: whyNothing(facts, at) }
}

/** Why an account with this decision is refused what `required` opens; null when it is not refused. */
export function whyRefused(decision: Decision, required: Plan): SubscriptionReason | null {
  if (decision.plan.rank >= required.rank) return null
  return decision.kind === 'granted' ? 'plan-too-low' : decision.reason
}

/** Every feature for an account on a plan: its override while that lasts, else what the plan has; a flag that is off is off. */
export function resolveFeatures(
  facts: AccountFacts,
  plan: Plan,
  catalogue: Catalogue,
  at: Date,
): Record<string, boolean> {
  return Object.fromEntries(
    catalogue.features.map((feature) => {
      const override = overrideOf(facts.featureOverrides, feature.name, at)
      return [feature.name, override ? feature.enabled && override.value : planHasFeature(plan, feature)]
    }),
  )
}

/** The names of the features that are on. */
export function featuresOn(...asked: Parameters<typeof resolveFeatures>): string[] {
  return Object.entries(resolveFeatures(...asked)).flatMap(([name, isOn]) => (isOn ? [name] : []))
}

/** What an account on a plan passes for: that plan and every lower one, from the lowest. */
export function plansUpTo({ rank }: Plan, { plans }: Pick<Catalogue, 'plans'>): string[] {
  return plans.filter((plan) => plan.rank <= rank).map(({ plan }) => plan)
}

/** The lowest public plan that would open a feature to this account, or null when none would. */
export function lowestPlanWith(
  feature: string,
  facts: AccountFacts,
  catalogue: Catalogue,
  at: Date,
): Plan | null {
  const opens = (plan: Plan) => resolveFeatures(facts, plan, catalogue, at)[feature] === true
  return catalogue.plans.find((plan) => plan.public && opens(plan)) ?? null
}

/** The override of a name that lasts at `at`, if there is one. */
export function overrideOf<O extends FeatureOverride | LimitOverride>(
  overrides: O[],
  name: string,
  at: Date,
): O | undefined {
  return overrides.find(
    (override) => override.name === name && (override.until === null || at < override.until),
  )
}

/**
 * Every limit for an account on a plan: its override while that lasts, else what the plan has, and nothing of what the
 * plan does not name. Of members it is the seat limit.
 */
export function resolveLimits(
  facts: Pick<AccountFacts, 'grants' | 'limitOverrides' | 'subscription'>,
  plan: Plan,
  catalogue: Pick<Catalogue, 'plans'>,
  at: Date,
): Record<string, PlanLimit> {
  const named = namedLimits(catalogue)
  for (const [name, { per }] of Object.entries(plan.limits)) named.set(name, per)
  return Object.fromEntries(
    Array.from(named, ([name, per]) => {
      if (name === MEMBERS) return [name, { per, amount: seatLimit(facts, plan, at) }]
      const override = overrideOf(facts.limitOverrides, name, at)
      const limit = Object.hasOwn(plan.limits, name) ? plan.limits[name] : undefined
      return [name, { per, amount: override ? override.amount : limit ? limit.amount : 0 }]
    }),
  )
}

/**
 * How many members the account may have; null is any number, as on a plan that does not name them. Where seats are
 * fixed, what was bought is the limit; so it is, within the plan's, where seats follow the members and right now nobody
 * is charged for one more, unless the plan is given away too. An override goes before all of it.
 */
export function seatLimit(
  { grants, subscription, limitOverrides }: Pick<AccountFacts, 'grants' | 'subscription' | 'limitOverrides'>,
  plan: Plan,
  at: Date,
): number | null {
  const override = overrideOf(limitOverrides, MEMBERS, at)
  if (override) return override.amount
  const most = plan.limits.members?.amount ?? null
  if (subscription?.plan !== plan.plan || !isLive(subscription)) return most
  const { seats: bought } = subscription
  if (bought === null || plan.seats === null) return most
  if (plan.seats === 'fixed') return bought
  return isFollowed(subscription) || isGiven(grants, plan, at) ? most : Math.min(bought, most ?? bought)
}

/** Whether an operator has given the plan, so that it does not depend on what is paid. */
function isGiven(grants: Grant[], { plan }: Plan, at: Date): boolean {
  return grants.some(
    (grant) =>
      grant.plan === plan && grant.source !== 'stripe' && grant.source !== 'trial' && isInForce(grant, at),
  )
}

/** How many invites hold a seat: those that are out and have not expired. */
export function pendingInvites({ inviteEnds }: Pick<AccountFacts, 'inviteEnds'>, at: Date): number {
  return inviteEnds.filter((end) => at < end).length
}

/** Of the account's trials that have begun the one that lasts longest, in force or over; an empty one never begins. */
export function latestTrial({ grants }: Pick<AccountFacts, 'grants'>, at: Date): Grant | null {
  const begun = grants.filter(
    ({ source, from, until }) => source === 'trial' && from <= at && (until === null || from < until),
  )
  return begun.sort((a, b) => lasting(b) - lasting(a))[0] ?? null
}

function lasting({ until }: Grant): number {
  return until ? until.getTime() : Number.POSITIVE_INFINITY
}

function whyNothing(facts: AccountFacts, at: Date): Exclude<SubscriptionReason, 'plan-too-low'> {
  switch (facts.subscription?.status) {
    case undefined:
      break
    case 'past_due':
      return 'past-due'
    case 'unpaid':
    case 'incomplete':
    case 'paused':
      return 'unpaid'
    case 'incomplete_expired':
      return 'never-subscribed'
    default:
      return 'canceled'
  }
  return latestTrial(facts, at) ? 'trial-expired' : 'never-subscribed'
}
