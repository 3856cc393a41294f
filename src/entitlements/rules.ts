import type { Catalogue, Plan, PlanLimit } from '../catalogue/catalogue.ts'
import { planHasFeature } from '../catalogue/rules.ts'
import type { SubscriptionReason } from '../problems.ts'
import { type AccountFacts, type Grant, sources } from './facts.ts'
import { isLive } from './truthTable.ts'

export const FREE = 'free'
export const PRO = 'pro'

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
      const override = facts.featureOverrides.find(
        ({ name, until }) => name === feature.name && (until === null || at < until),
      )
      return [feature.name, override ? feature.enabled && override.value : planHasFeature(plan, feature)]
    }),
  )
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

/** How many members the account may have; null is any number. Where seats are fixed, what was bought is the limit. */
export function seatLimit({ subscription }: Pick<AccountFacts, 'subscription'>, plan: Plan): number | null {
  const isBought = plan.seats === 'fixed' && subscription?.plan === plan.plan && isLive(subscription)
  return (isBought ? subscription.seats : null) ?? plan.limits.members?.amount ?? null
}

/** How many invites hold a seat: those that are out and have not expired. */
export function pendingInvites({ inviteEnds }: Pick<AccountFacts, 'inviteEnds'>, at: Date): number {
  return inviteEnds.filter((end) => at < end).length
}

/** The period of a rate that `at` lies in: calendar months in UTC. */
export function periodOf(_limit: PlanLimit & { per: 'month' }, at: Date): { start: Date; end: Date } {
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()]
  return { start: new Date(Date.UTC(year, month, 1)), end: new Date(Date.UTC(year, month + 1, 1)) }
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
