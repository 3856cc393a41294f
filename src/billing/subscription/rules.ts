import type { Interval } from '../../catalogue/catalogue.ts'
import { isEnding, isLastPeriod } from '../../entitlements/truthTable.ts'
import type { MirroredSubscription } from '../projection/rules.ts'
import { askedOf } from '../seats/rules.ts'

/** What a subscription is to become. */
export interface Target {
  plan: string
  interval: Interval
  quantity: number
}

/** The same with the seats that were asked for, however few members there are; null where seats are not counted. */
export interface SeatedTarget extends Target {
  asked: number | null
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
  if (isEnding(current)) return { kind: 'refused', reason: 'ending' }
  const direction =
    Math.sign(rankOf(target.plan) - (current.plan === null ? -1 : rankOf(current.plan))) ||
    lengthOf(target.interval) - lengthOf(current.interval) ||
    Math.sign(target.quantity - current.quantity)
  if (direction === 0) return { kind: current.scheduled ? 'keep' : 'nothing' }
  return { kind: direction > 0 ? 'now' : 'at-period-end' }
}

const lengthOf = (interval: Interval | null) => (interval === 'year' ? 1 : 0)

/** What was asked of Stripe for a subscription. */
export type OperationWish =
  | { kind: 'cancel' | 'resume'; wish: { subscription: string } }
  | { kind: 'change'; wish: { subscription: string } & SeatedTarget }
  | { kind: 'seats'; wish: { subscription: string; quantity: number; asked: number | null } }

/** Whether a subscription is what was asked for, so that the question of what Stripe did is settled. */
export function isFulfilled({ kind, wish }: OperationWish, current: MirroredSubscription): boolean {
  switch (kind) {
    case 'cancel':
      return isLastPeriod(current)
    case 'resume':
      return !isEnding(current) && current.status !== 'paused'
    case 'change':
      return (
        isAt(current.scheduled ?? current, wish) && (current.scheduled !== null || isAsked(current, wish))
      )
    case 'seats':
      return current.quantity === wish.quantity && isAsked(current, wish)
  }
}

/** Whether an upgrade has been made, and the earlier change that it replaces is scheduled still. */
export function isHalfDone(operation: OperationWish, current: MirroredSubscription): boolean {
  if (operation.kind !== 'change' || !current.scheduled) return false
  return isAt(current, operation.wish) && !isAt(current.scheduled, operation.wish)
}

/** Operations from before seats were counted do not say what was asked for. */
const isAsked = (current: MirroredSubscription, { asked }: { asked?: number | null }) =>
  asked == null || askedOf(current) === asked

const isAt = (
  { plan, interval, quantity }: { plan: string | null; interval: Interval | null; quantity: number },
  target: Target,
) => plan === target.plan && interval === target.interval && quantity === target.quantity
