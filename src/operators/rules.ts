import type { Source } from '../entitlements/facts.ts'
import type { OperatorRole } from '../http/actor.ts'

/**
 * What each role of operators is for. Contracts say which one an operation takes; here is what they cannot say, since it depends
 * on what is asked for.
 */
export const roleToEnd: Record<GivenSource, OperatorRole> = {
  // What everybody may have once more. The others are worth money.
  trial: 'support',
  complimentary: 'admin',
  override: 'admin',
}

const LONGEST_TRIAL_MS = 90 * 86_400_000

/**
 * The same for giving. Support gives the trial that a registration gives, for ninety days from now at most: of another plan, or
 * for years, it would be a gift under another name.
 */
export function roleToGive({ source, plan, until }: GivenPlan, trialPlan: string, at: Date): OperatorRole {
  const isLong = until !== null && until.getTime() - at.getTime() > LONGEST_TRIAL_MS
  return source === 'trial' && (plan !== trialPlan || isLong) ? 'admin' : roleToEnd[source]
}

/** Whatever Stripe does not give. */
type GivenSource = Exclude<Source, 'stripe'>

interface GivenPlan {
  source: GivenSource
  plan: string
  until: Date | null
}

/** An operator, as far as it matters here. */
export interface Standing {
  id: string
  role: OperatorRole
}

/**
 * Whether somebody would be left who may add operators. `admins` are all there are now; `becomes` null is that the operator is
 * removed.
 */
export function leavesAnAdmin(admins: Standing[], operatorId: string, becomes: OperatorRole | null): boolean {
  return becomes === 'admin' || admins.some(({ id, role }) => role === 'admin' && id !== operatorId)
}
