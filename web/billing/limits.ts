import type { components } from '@frontgate/client'

type Plan = components['schemas']['Plan']
type Limit = Plan['limits'][string]
type Limits = components['schemas']['Entitlements']['limits']

/** How much a limit allows; null is any amount. */
export const amountOf = (limit: Limit | undefined): number | null =>
  typeof limit === 'object' && limit !== null ? limit.amount : (limit ?? null)

/** A limit that a plan would not cover. */
export interface Excess {
  name: string
  used: number
  limit: number
}

/** Of what is used now, what is more than a plan includes. Rates begin anew, so they do not count. */
export function excessOver(plan: Pick<Plan, 'limits'>, limits: Limits): Excess[] {
  return Object.entries(limits).flatMap(([name, { used, per }]) => {
    const limit = amountOf(plan.limits[name])
    return per === null && limit !== null && used > limit ? [{ name, used, limit }] : []
  })
}

/** The features that one plan has and another has not. */
export const lostFeatures = (has: Record<string, boolean>, { features }: Pick<Plan, 'features'>): string[] =>
  Object.keys(has).filter((name) => has[name] && !features[name])

/** The limits that are lower in another plan. */
export function lowerLimits(has: Record<string, Limit>, { limits }: Pick<Plan, 'limits'>): string[] {
  return Object.keys(has).filter((name) => {
    const [now, then] = [amountOf(has[name]), amountOf(limits[name])]
    return then !== null && (now === null || then < now)
  })
}
