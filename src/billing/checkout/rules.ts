import type { Interval, Plan } from '../../catalogue/catalogue.ts'
import type { AccountFacts, LimitOverride } from '../../entitlements/facts.ts'
import { isInForce, latestTrial } from '../../entitlements/rules.ts'

/** What a buyer wants. Two requests with the same wish get the same session. */
export interface Wish {
  plan: string
  interval: Interval
  quantity: number
  /** Of seats that follow the members, those that were asked for; null where they do not. */
  asked: number | null
  /** At Stripe: a page that was opened before a price changed asks for another amount than is shown now. */
  price: string
  promotionCode: string | null
  /** The end of the trial that the subscription begins with; null when it begins with a payment. */
  trialEnd: string | null
}

/** Stripe takes no trial that ends sooner (https://docs.stripe.com/payments/checkout/free-trials); asking it takes a moment. */
const SHORTEST_TRIAL_MS = 48 * 3_600_000 + 60_000

/** The trial that is carried over: what is left of the one without a card, if Stripe takes it. */
export function trialToCarry(facts: Pick<AccountFacts, 'grants'>, at: Date): Date | null {
  const trial = latestTrial(facts, at)
  if (!trial?.until || !isInForce(trial, at)) return null
  return trial.until.getTime() - at.getTime() >= SHORTEST_TRIAL_MS ? trial.until : null
}

export type Quantity = { kind: 'quantity'; quantity: number } | { kind: 'refused'; detail: string }

/** What an account has already that decides how many it may buy. */
export interface Held {
  /** Seats of the same plan. */
  kept?: number | undefined
  /** How many members it may have, whatever its plan is. */
  override?: Pick<LimitOverride, 'amount'> | undefined
}

/**
 * How many units are bought: one, or as many seats as asked for and at least as many as are taken. Never more than the
 * plan has, unless that many are `kept` from before it had fewer. An override is the most instead; whoever is a member
 * beyond it does not have to go, so they do not stand in the way.
 */
export function quantityOf(
  plan: Plan,
  members: number,
  asked: number | undefined,
  { kept = 0, override }: Held = {},
): Quantity {
  if (plan.seats === null) {
    return asked === undefined
      ? { kind: 'quantity', quantity: 1 }
      : { kind: 'refused', detail: `${plan.displayName} is not billed by the seat` }
  }
  const most = override ? override.amount : (plan.limits.members?.amount ?? null)
  const quantity = Math.max(members, asked ?? 0)
  if (most === null || quantity <= Math.max(most, kept, override ? members : 0))
    return { kind: 'quantity', quantity }
  const whose = override ? 'This account' : plan.displayName
  return { kind: 'refused', detail: `${whose} has ${most} seats at most` }
}
