import { formatMoney, type Interval } from '@frontgate/client/react'
import type { Words } from '../words/words.ts'

interface Prices {
  currency: string | null
  month: number | null
  year: number | null
  per_seat: boolean
}

/** What so many units cost in a period, in minor units; null where it is not sold. */
function costOf(prices: Prices, interval: Interval | null, seats: number | null): number | null {
  const amount = interval && prices[interval]
  return amount === null ? null : amount * (prices.per_seat ? (seats ?? 1) : 1)
}

/** A price in words: `$29 a month`, `$57 a month (3 seats)`; null where there is none. */
export function sayPrice(
  prices: Prices,
  { interval, seats }: { interval: Interval | null; seats: number | null },
  words: Words,
  locale: string,
): string | null {
  const cost = costOf(prices, interval, seats)
  if (cost === null || prices.currency === null) return null
  const money = formatMoney(cost, prices.currency, locale)
  const { price, seatCount } = words.billing
  const total = interval === 'year' ? price.year(money) : price.month(money)
  return prices.per_seat && seats !== null ? price.seats(total, seatCount(seats)) : total
}
