import type { Source } from '../guards/caller.ts'
import type { SubscriptionReason } from '../guards/rules.ts'

/** The states that an account of the test kit can be in. */
export type State =
  | 'proActive'
  | 'trialing'
  | 'trialExpired'
  | 'pastDueInGrace'
  | 'complimentary'
  | 'freePlan'
  | 'unverifiedAfterGrace'
  | 'secondFactorMissing'

/** How a state came about, in days from now: as in an account that the service itself has brought there. */
export interface Story {
  /** The grant that is in force; null for none. `days` until it ends; null is open-ended. */
  grant: { source: Source; days: number | null } | null
  /** Why there is no plan but free, once or since there is no grant. */
  reason: Exclude<SubscriptionReason, 'plan-too-low'>
  /** How long ago the grace for verifying the mailbox ended; null for a verified one. */
  graceEndedDaysAgo: number | null
  /** Whether the account asks for a second factor, and none has proved the session. */
  lacksSecondFactor: boolean
}

const verified = { graceEndedDaysAgo: null, lacksSecondFactor: false }

export const stories: Record<State, Story> = {
  proActive: { grant: { source: 'stripe', days: 30 }, reason: 'canceled', ...verified },
  trialing: { grant: { source: 'trial', days: 14 }, reason: 'trial-expired', ...verified },
  trialExpired: { grant: null, reason: 'trial-expired', ...verified },
  pastDueInGrace: { grant: { source: 'stripe', days: 7 }, reason: 'past-due', ...verified },
  complimentary: { grant: { source: 'complimentary', days: null }, reason: 'never-subscribed', ...verified },
  freePlan: { grant: null, reason: 'never-subscribed', ...verified },
  unverifiedAfterGrace: {
    grant: { source: 'trial', days: 6 },
    reason: 'trial-expired',
    graceEndedDaysAgo: 1,
    lacksSecondFactor: false,
  },
  secondFactorMissing: {
    grant: { source: 'trial', days: 14 },
    reason: 'trial-expired',
    graceEndedDaysAgo: null,
    lacksSecondFactor: true,
  },
}
