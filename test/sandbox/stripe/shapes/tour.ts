import type Stripe from 'stripe'
import type { StripeStandIn } from '../../../../sandbox/stripe/engine/createStripe.ts'
import { fillCatalogue, keepCards } from './tourCatalogue.ts'
import { changePlans, checkOut, schedule, visitPortal } from './tourSales.ts'
import { billByHand, cancel, endTrials, failToPay, liveByClock, takeBack } from './tourTroubles.ts'

/** Somebody at Stripe who uses everything once. */
export interface Tourist {
  stripe: StripeStandIn
  sdk: Stripe
  now(): number
  /** Moves time, and does what has become due by then. */
  pass(seconds: number): void
}

export const HOUR = 3600
export const DAY = 24 * HOUR

/** Brings every kind of object into being, in each state that it can have. */
export async function tour(tourist: Tourist): Promise<void> {
  const prices = await fillCatalogue(tourist)
  await keepCards(tourist)
  await checkOut(tourist, prices)
  await changePlans(tourist, prices)
  await schedule(tourist, prices)
  await visitPortal(tourist, prices)
  await endTrials(tourist, prices)
  await failToPay(tourist, prices)
  await billByHand(tourist)
  await takeBack(tourist, prices)
  await cancel(tourist, prices)
  await liveByClock(tourist, prices)
}
