import type { Catalogue, Plan, PlanLimit } from '../catalogue/catalogue.ts'
import type { SubscriptionReason } from '../problems.ts'
import { type AccountFacts, type Grant, sources } from './facts.ts'

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
    .map((grant) => ({ grant, plan: catalogue.planOf(grant.plan) }))
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

/** Override of the account, else the plan's value, else the flag's default; a flag that is off is off. */
export function resolveFeatures(
  facts: AccountFacts,
  plan: Plan,
  catalogue: Catalogue,
  at: Date,
): Record<string, boolean> {
  return Object.fromEntries(
    catalogue.features.map(({ name, enabled, fallback }) => {
      const override = facts.featureOverrides.find(
        (candidate) => candidate.name === name && (candidate.until === null || at < candidate.until),
      )
      return [name, enabled && (override?.value ?? plan.features[name] ?? fallback)]
    }),
  )
}

/** The lowest public plan that has a feature, or null. */
export function lowestPlanWith(feature: string, catalogue: Catalogue): Plan | null {
  return catalogue.plans.find((plan) => plan.public && plan.features[feature]) ?? null
}

/** The period of a rate that `at` lies in: calendar months in UTC. */
export function periodOf(_limit: PlanLimit & { per: 'month' }, at: Date): { start: Date; end: Date } {
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()]
  return { start: new Date(Date.UTC(year, month, 1)), end: new Date(Date.UTC(year, month + 1, 1)) }
}

/** The account's last trial, in force or over. */
export function latestTrial({ grants }: Pick<AccountFacts, 'grants'>): Grant | null {
  const trials = grants.filter(({ source }) => source === 'trial')
  return trials.sort((a, b) => lasting(b) - lasting(a))[0] ?? null
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
  const trial = latestTrial(facts)
  return trial && trial.from <= at ? 'trial-expired' : 'never-subscribed'
}
