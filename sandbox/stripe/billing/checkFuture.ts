import { StripeRefusal } from '../refusal.ts'
import { addIntervals } from './calendar.ts'

const MOST_TRIAL_YEARS = 5

/** Refuses an instant that is over; what was not given is left. */
export function checkFuture(at: number | undefined, now: number, param: string): void {
  if (at === undefined || at > now) return
  throw new StripeRefusal('Invalid timestamp: must be an integer Unix timestamp in the future.', { param })
}

/** Refuses the end of a trial that is over, or further away than Stripe has it. */
export function checkTrialEnd(at: number, now: number, param: string): void {
  checkFuture(at, now, param)
  if (at <= addIntervals(now, { interval: 'year', interval_count: MOST_TRIAL_YEARS }, 1)) return
  throw new StripeRefusal(
    `Invalid timestamp: can be no more than ${MOST_TRIAL_YEARS} years in the future. Timestamps are in seconds, not milliseconds.`,
    { param },
  )
}
