import type { Sweep } from '../src/jobs/runJobs.ts'
import type { Parts } from './parts.ts'
import { bringJobsForward, settle, Unsettled } from './settle.ts'
import type { Delivery } from './stripe/delivery/planDeliveries.ts'

// Looks at a customer follow one another after a pause of some seconds, and so do seats who joins or leaves, which is
// nothing to wait for here.
const PAUSING = ['billing.project%', 'billing.follow-seats']
const LONGEST_PAUSE_SECONDS = 60 * 60

type Settling = Pick<Parts, 'app' | 'stripe'>

/**
 * Delivers what Stripe has to tell, held or late as it may be, and waits until all that follows has settled. What
 * is not taken is tried once, and waits on. Throws Unsettled when `patience` ends before that.
 */
export async function flushStripe(parts: Settling, patience: AbortSignal): Promise<void> {
  const { deliveries } = parts.stripe
  deliveries.release()
  await settleEvents(parts, [], patience, () => deliveries.release(isNew))
}

/**
 * Lets `seconds` pass at Stripe and on the way from it, when the clock has moved by them, and waits until all that
 * follows has settled, with the sweeps run once. What is held or dropped stays so.
 */
export async function passTimeAtStripe(
  parts: Settling,
  seconds: number,
  sweeps: Sweep[],
  patience: AbortSignal,
): Promise<void> {
  const { stripe } = parts
  stripe.advance()
  stripe.deliveries.bringForward(seconds)
  await settleEvents(parts, sweeps, patience, () => stripe.deliveries.bringForward(seconds, isNew))
}

const isNew = ({ attempts }: Delivery) => attempts === 0

/** Rounds of deliveries and jobs until one of them sends nothing; `hasten` makes due what a round has caused. */
async function settleEvents(
  { app, stripe: { deliveries } }: Settling,
  sweeps: Sweep[],
  patience: AbortSignal,
  hasten: () => void,
): Promise<void> {
  let toSweep = sweeps
  for (;;) {
    const before = deliveries.tries
    if (!(await deliveries.settle(patience))) throw new Unsettled(['events on their way'])
    // Once more for what looks and sweeps have promised.
    for (const swept of [toSweep, []]) {
      await bringJobsForward(app, LONGEST_PAUSE_SECONDS, PAUSING)
      await settle(app, swept, patience)
    }
    toSweep = []
    hasten()
    if (deliveries.tries === before && !deliveries.isBusy()) return
  }
}
