import type { Catalogue, Feature, Plan, PlanLimit, Rate } from '../../catalogue/catalogue.ts'
import { planHasFeature } from '../../catalogue/rules.ts'
import type { AccountFacts } from '../facts.ts'
import {
  type Decision,
  decide,
  lowestPlanWith,
  MEMBERS,
  overrideOf,
  pendingInvites,
  resolveLimits,
} from '../rules.ts'

/** A stretch of time that usage is counted in: [start, end), or for ever. */
export interface Period {
  start: Date
  end: Date | null
}

/** What a level is counted in, which has no periods. */
const FOR_EVER: Period = { start: new Date(0), end: null }

/**
 * The period of a limit that `at` lies in. Months of billing begin on the day of the month, and at the time of day, of
 * the grant's anchor, or on the last day of a month that is shorter; accounts without a grant have calendar months.
 */
export function periodOf(
  { per }: Pick<PlanLimit, 'per'>,
  decision: { kind: 'granted'; grant: { anchor: Date } } | { kind: 'free' },
  at: Date,
): Period {
  if (per === null) return FOR_EVER
  const anchor = anchorOf(per, decision)
  const month = monthOf(at)
  const first = at < monthlyFrom(anchor, month) ? month - 1 : month
  return { start: monthlyFrom(anchor, first), end: monthlyFrom(anchor, first + 1) }
}

/** From when the months of a rate are counted. */
export function anchorOf(per: Rate, decision: Parameters<typeof periodOf>[1]): Date {
  return per === 'billing_month' && decision.kind === 'granted' ? decision.grant.anchor : CALENDAR
}

/** The beginning of the period before the one that begins at `start`, counted from the same anchor. */
export function periodBefore(anchor: Date, start: Date): Date {
  return monthlyFrom(anchor, monthOf(start) - 1)
}

/** Any first of a month. */
const CALENDAR = new Date(0)

/** Months since the year 0. */
const monthOf = (at: Date) => at.getUTCFullYear() * 12 + at.getUTCMonth()

/** The beginning of a period in a month, always from the anchor itself: 31, 28, 31, never 31, 28, 28. */
function monthlyFrom(anchor: Date, month: number): Date {
  const [year, inYear] = [Math.floor(month / 12), month % 12]
  const lastDay = new Date(Date.UTC(year, inYear + 1, 0)).getUTCDate()
  const start = new Date(anchor)
  start.setUTCFullYear(year, inYear, Math.min(anchor.getUTCDate(), lastDay))
  return start
}

/** How an account stands with one limit. */
export interface Standing extends PlanLimit {
  used: number
  period: Period
}

/** How an account stands with every limit of the catalogue. Members are counted as seats are: with the invites that are out. */
export function standingsOf(
  facts: AccountFacts,
  decision: Decision,
  catalogue: Catalogue,
  at: Date,
): Record<string, Standing> {
  return Object.fromEntries(
    Object.entries(resolveLimits(facts, decision.plan, catalogue, at)).map(([name, limit]) => {
      const period = periodOf(limit, decision, at)
      const used = name === MEMBERS ? facts.members + pendingInvites(facts, at) : usedIn(facts, name, period)
      return [name, { ...limit, used, period }]
    }),
  )
}

/** What has been counted of a limit in a period. */
export function usedIn({ usage }: Pick<AccountFacts, 'usage'>, name: string, { start }: Period): number {
  const count = usage.find((one) => one.name === name && one.periodStart.getTime() === start.getTime())
  return count?.used ?? 0
}

/** How much more fits; null is any amount. What a smaller plan left above its limit is not owed. */
export function remainingOf({ amount, used }: Pick<Standing, 'amount' | 'used'>): number | null {
  return amount === null ? null : Math.max(0, amount - used)
}

/** Why a check comes out as it does: the closed list, with what each says. */
export const checkReasons = {
  'in-plan': 'the plan has the feature',
  override: 'the feature was switched on, or off, for this account',
  'feature-off': 'the feature is off for everybody',
  'feature-not-in-plan': 'the plan does not have the feature',
  'within-limit': 'so much more fits',
  unlimited: 'there is no limit',
  'limit-reached': 'so much more does not fit',
  'email-verification-required': 'the caller has not verified their address, and the grace for it is over',
} as const

/** One of them. */
export type CheckReason = keyof typeof checkReasons

/** Whether an account may, and why. */
export interface Check {
  allowed: boolean
  reason: CheckReason
  plan: string
  /** Of a check of a limit. */
  standing?: Standing
  /** The lowest public plan above the account’s that would allow what is refused; null when none would. */
  upgrade: string | null
}

/** Whether an account has a feature. */
export function checkFeature(feature: Feature, facts: AccountFacts, catalogue: Catalogue, at: Date): Check {
  const { plan } = decide(facts, catalogue, at)
  const says = (allowed: boolean, reason: CheckReason): Check => ({
    allowed,
    reason,
    plan: plan.plan,
    upgrade: allowed ? null : (lowestPlanWith(feature.name, facts, catalogue, at)?.plan ?? null),
  })
  if (!feature.enabled) return says(false, 'feature-off')
  const override = overrideOf(facts.featureOverrides, feature.name, at)
  if (override) return says(override.value, 'override')
  return planHasFeature(plan, feature) ? says(true, 'in-plan') : says(false, 'feature-not-in-plan')
}

/** Whether so much more of a limit fits. */
export function checkLimit(
  name: string,
  amount: number,
  standing: Standing,
  facts: AccountFacts,
  catalogue: Catalogue,
  at: Date,
): Check {
  const { plan } = decide(facts, catalogue, at)
  if (fits(amount, standing)) return allowedBy(standing, plan)
  const larger = catalogue.plans.find((candidate) => {
    // Whose limits are pinned may find more in their own plan as it is today, or in a lower one: no way up.
    if (!candidate.public || candidate.rank <= plan.rank) return false
    const limit = resolveLimits(facts, candidate, catalogue, at)[name]
    return limit !== undefined && fits(amount, { ...limit, used: standing.used })
  })
  return {
    allowed: false,
    reason: 'limit-reached',
    plan: plan.plan,
    standing,
    upgrade: larger?.plan ?? null,
  }
}

/** What is said of an amount that fits, or that was counted, however little is left after it. */
export function allowedBy(standing: Standing, { plan }: Pick<Plan, 'plan'>): Check {
  const reason = standing.amount === null ? 'unlimited' : 'within-limit'
  return { allowed: true, reason, plan, standing, upgrade: null }
}

function fits(amount: number, standing: Pick<Standing, 'amount' | 'used'>): boolean {
  return standing.amount === null || standing.used + amount <= standing.amount
}
