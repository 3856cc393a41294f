import type { Interval, Plan } from '../../catalogue/catalogue.ts'
import type { AccountFacts } from '../../entitlements/facts.ts'
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

/**
 * How many units are bought: one, or as many seats as asked for and at least as many as are taken. Never more than the
 * plan has, unless that many are `kept` from before it had fewer.
 */
export function quantityOf(plan: Plan, members: number, asked: number | undefined, kept = 0): Quantity {
  if (plan.seats === null) {
    return asked === undefined
      ? { kind: 'quantity', quantity: 1 }
      : { kind: 'refused', detail: `${plan.displayName} is not billed by the seat` }
  }
  const most = plan.limits.members?.amount ?? null
  const quantity = Math.max(members, asked ?? 0)
  return most !== null && quantity > Math.max(most, kept)
    ? { kind: 'refused', detail: `${plan.displayName} has ${most} seats at most` }
    : { kind: 'quantity', quantity }
}
