/** How often something is billed, as prices and durations of phases say. */
export interface Recurrence {
  interval: string
  interval_count: number
}

export interface Period {
  start: number
  end: number
}

export const HOUR = 60 * 60
export const DAY = 24 * HOUR
const DAYS: Record<string, number> = { day: 1, week: 7, month: 30.4, year: 365.2 }

/**
 * The instant `count` intervals after the anchor. Months that lack the anchor's day end the period on their last
 * day, and the next one goes back to the anchor's: https://docs.stripe.com/billing/subscriptions/billing-cycle
 */
export function addIntervals(
  anchor: number,
  { interval, interval_count }: Recurrence,
  count: number,
): number {
  const steps = interval_count * count
  if (interval === 'day') return anchor + steps * DAY
  if (interval === 'week') return anchor + steps * 7 * DAY
  const date = new Date(anchor * 1000)
  const [year, month] = [
    date.getUTCFullYear(),
    date.getUTCMonth() + (interval === 'year' ? 12 * steps : steps),
  ]
  const daysInMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const day = Math.min(date.getUTCDate(), daysInMonth)
  return Date.UTC(year, month, day) / 1000 + (anchor - Math.floor(anchor / DAY) * DAY)
}

/** The whole period in which an instant lies, counted from the anchor in either direction. */
export function periodAround(anchor: number, recurrence: Recurrence, at: number): Period {
  const roughly = (DAYS[recurrence.interval] ?? 1) * DAY * recurrence.interval_count
  let count = Math.floor((at - anchor) / roughly)
  while (addIntervals(anchor, recurrence, count + 1) <= at) count++
  while (addIntervals(anchor, recurrence, count) > at) count--
  return {
    start: addIntervals(anchor, recurrence, count),
    end: addIntervals(anchor, recurrence, count + 1),
  }
}
