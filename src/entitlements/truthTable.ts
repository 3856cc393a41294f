import type { SubscriptionFacts } from './facts.ts'

/** Until when a subscription gives access. */
type Until = 'period end + allowance' | 'end date' | 'past due + grace' | 'never'

interface TruthRow {
  statuses: readonly string[]
  /** Whether `cancel_at_period_end` or `cancel_at` is set; null is either. */
  ending: boolean | null
  until: Until
  reads: string
}

/** The one table of what Stripe's word means for access; docs/truth-table.md is made from it. */
export const truthTable: readonly TruthRow[] = [
  {
    statuses: ['trialing', 'active'],
    ending: false,
    until: 'period end + allowance',
    reads: 'The period renews; the allowance covers an event that is late.',
  },
  {
    statuses: ['trialing', 'active'],
    ending: true,
    until: 'end date',
    reads: 'Access ends at that instant, also if no event ever comes.',
  },
  {
    statuses: ['past_due'],
    ending: null,
    until: 'past due + grace',
    reads: 'A failed charge leaves time to mend it; payment restores at once.',
  },
  {
    statuses: ['unpaid', 'incomplete', 'incomplete_expired', 'paused', 'canceled'],
    ending: null,
    until: 'never',
    reads: 'Nothing is paid for.',
  },
]

/** What the table's words mean in days and hours, from the settings. */
export interface Allowances {
  pastDueGraceDays: number
  periodEndAllowanceHours: number
}

/** What of a subscription decides about access. */
export type Deciding = Pick<
  SubscriptionFacts,
  'status' | 'currentPeriodEnd' | 'cancelAt' | 'cancelAtPeriodEnd' | 'pastDueSince'
>

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Words in which a subscription is a going concern, as in the column `is_live`: no second one may be bought beside it. */
const LIVE = ['trialing', 'active', 'past_due', 'unpaid', 'paused']

/** Whether a subscription is a going concern. */
export const isLive = ({ status }: { status: string }) => LIVE.includes(status)

/** When a subscription is set to end, or null when it renews. A portal cancellation sets only `cancel_at`. */
export function endsAt({
  cancelAt,
  cancelAtPeriodEnd,
  currentPeriodEnd,
}: Pick<SubscriptionFacts, 'cancelAt' | 'cancelAtPeriodEnd' | 'currentPeriodEnd'>): Date | null {
  return cancelAt ?? (cancelAtPeriodEnd ? currentPeriodEnd : null)
}

/** Whether a subscription is set to end, at whatever instant. */
export const isEnding = (subscription: Parameters<typeof endsAt>[0]) => endsAt(subscription) !== null

/** Whether it is set to end with the period that is paid for, as in the column `is_last_period`: nothing is charged any more. */
export function isLastPeriod(subscription: Parameters<typeof endsAt>[0]): boolean {
  const end = endsAt(subscription)
  return end !== null && subscription.currentPeriodEnd !== null && end <= subscription.currentPeriodEnd
}

/**
 * Whether the quantity at Stripe is kept up with the members, where the plan's seats follow them. Only of what is being
 * paid for: prorations of what is owed would give back what was never paid, and what ends is not charged for again.
 */
export function isFollowed(subscription: { status: string } & Parameters<typeof endsAt>[0]): boolean {
  const isPaid = subscription.status === 'active' || subscription.status === 'trialing'
  return isPaid && !isLastPeriod(subscription)
}

/** When the grace of a failed charge is over, or null when none is running. */
export function graceEndsAt(
  { status, pastDueSince }: Pick<SubscriptionFacts, 'status' | 'pastDueSince'>,
  { pastDueGraceDays }: Allowances,
): Date | null {
  return status === 'past_due' && pastDueSince
    ? new Date(pastDueSince.getTime() + pastDueGraceDays * DAY)
    : null
}

/** The instant at which this subscription stops giving access, by the table; null when it gives none at all. */
export function accessUntil(subscription: Deciding, allowances: Allowances): Date | null {
  const ending = endsAt(subscription)
  const row = truthTable.find(
    ({ statuses, ending: whenEnding }) =>
      statuses.includes(subscription.status) && (whenEnding === null || whenEnding === (ending !== null)),
  )
  switch (row?.until) {
    case 'period end + allowance': {
      const end = subscription.currentPeriodEnd
      return end && new Date(end.getTime() + allowances.periodEndAllowanceHours * HOUR)
    }
    case 'end date':
      return ending
    case 'past due + grace':
      return earlier(graceEndsAt(subscription, allowances), ending)
    default:
      // `never`, and every word that Stripe may add.
      return null
  }
}

function earlier(a: Date | null, b: Date | null): Date | null {
  return a && b ? (a < b ? a : b) : (a ?? b)
}
