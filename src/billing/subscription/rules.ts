import type { Interval } from '../../catalogue/catalogue.ts'
import type { MirroredSubscription } from '../projection/rules.ts'

/** What a subscription is to become. */
export interface Target {
  plan: string
  interval: Interval
  quantity: number
}

export type ChangeDecision =
  | { kind: 'nothing' }
  /** Back to what it is: a change that was scheduled is dropped. */
  | { kind: 'keep' }
  | { kind: 'now' }
  | { kind: 'at-period-end' }
  | { kind: 'refused'; reason: 'payment-due' | 'ending' | 'paused' }

/**
 * When a change takes effect: more is given at once and charged by the day, less is given from the next period on, so
 * that nobody loses what they have paid for. The plan decides first, then the interval, then the seats.
 */
export function decideChange(
  current: MirroredSubscription,
  target: Target,
  rankOf: (plan: string) => number,
): ChangeDecision {
  if (current.status === 'past_due' || current.status === 'unpaid')
    return { kind: 'refused', reason: 'payment-due' }
  if (current.status === 'paused') return { kind: 'refused', reason: 'paused' }
  if (current.cancelAtPeriodEnd || current.cancelAt) return { kind: 'refused', reason: 'ending' }
  const direction =
    Math.sign(rankOf(target.plan) - (current.plan === null ? -1 : rankOf(current.plan))) ||
    lengthOf(target.interval) - lengthOf(current.interval) ||
    Math.sign(target.quantity - current.quantity)
  if (direction === 0) return { kind: current.scheduled ? 'keep' : 'nothing' }
  return { kind: direction > 0 ? 'now' : 'at-period-end' }
}

const lengthOf = (interval: Interval | null) => (interval === 'year' ? 1 : 0)
