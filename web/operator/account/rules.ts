import type { Grant, OperatorAccount } from './useAccount.ts'

/** What was given a moment ago began by the service's clock, which this device knows only about. */
const CLOCKS_DIFFER_MS = 60_000

/** Whether something with a beginning and an end counts at about an instant. */
export function stateAt(
  { from, until }: { from?: string; until: string | null },
  at: Date,
): 'coming' | 'in-force' | 'over' {
  if (until !== null && new Date(until) <= at) return 'over'
  return from && Date.parse(from) > at.getTime() + CLOCKS_DIFFER_MS ? 'coming' : 'in-force'
}

/** The grant that an account has its plan by, the one that lasts longest where several say the same; none where it is free. */
export function decidingGrant(
  { grants, plan, reason }: Pick<OperatorAccount, 'grants' | 'plan' | 'reason'>,
  at: Date,
): Grant | null {
  const counting = grants.filter(
    (grant) => grant.source === reason && grant.plan === plan && stateAt(grant, at) === 'in-force',
  )
  return counting.toSorted((a, b) => endOf(b) - endOf(a))[0] ?? null
}

/** When the last trial without a card ends or ended. */
export function lastTrialEnd(grants: readonly Grant[]): Date | null {
  const ends = grants.filter(({ source, until }) => source === 'trial' && until !== null).map(endOf)
  return ends.length > 0 ? new Date(Math.max(...ends)) : null
}

const endOf = ({ until }: Grant) => (until === null ? Number.POSITIVE_INFINITY : Date.parse(until))
