import type { Catalogue, PlanLimit } from '../catalogue/catalogue.ts'
import type { AccountFacts } from './facts.ts'
import {
  type Decision,
  decide,
  featuresOn,
  lowestPlanWith,
  plansUpTo,
  resolveFeatures,
  resolveLimits,
} from './rules.ts'

/** What an account may do in [from, until). */
export interface Span {
  /** Null is since before anybody asked. */
  from: Date | null
  /** Null is for good, as far as is known. */
  until: Date | null
  decision: Decision
  /** Every plan that is not above the account's, from the lowest. */
  opens: string[]
  features: string[]
  /** Each feature that is off, and the lowest public plan that would open it, or null when none would. */
  missing: Record<string, string | null>
  limits: Record<string, PlanLimit>
}

/**
 * What an account may do from `at` on, if nothing but time passes: all time, without gaps, in spans within which every
 * rule decides the same. The first holds `at`.
 */
export function spansOf(facts: AccountFacts, catalogue: Catalogue, at: Date): Span[] {
  const edges = edgesAfter(facts, at)
  return [at, ...edges].map((begin, i) => ({
    from: i === 0 ? null : begin,
    until: edges[i] ?? null,
    ...whatHolds(facts, catalogue, begin),
  }))
}

/** The instants after `at` at which a grant or an override begins or ends: between two of them no rule changes its mind. */
function edgesAfter({ grants, featureOverrides, limitOverrides }: AccountFacts, at: Date): Date[] {
  const edges = [
    ...grants.flatMap(({ from, until }) => [from, until]),
    ...[...featureOverrides, ...limitOverrides].map(({ until }) => until),
  ]
  const later = edges.flatMap((edge) => (edge && edge > at ? [edge.getTime()] : []))
  return [...new Set(later)].sort((a, b) => a - b).map((time) => new Date(time))
}

function whatHolds(facts: AccountFacts, catalogue: Catalogue, at: Date) {
  const decision = decide(facts, catalogue, at)
  const { plan } = decision
  const lacking = Object.entries(resolveFeatures(facts, plan, catalogue, at)).filter(([, isOn]) => !isOn)
  return {
    decision,
    opens: plansUpTo(plan, catalogue),
    features: featuresOn(facts, plan, catalogue, at),
    missing: Object.fromEntries(
      lacking.map(([name]) => [name, lowestPlanWith(name, facts, catalogue, at)?.plan ?? null]),
    ),
    limits: resolveLimits(facts, plan, catalogue, at),
  }
}
