import type { UsageCount } from '../facts.ts'
import { periodBefore } from './rules.ts'

/** What was counted of a limit in one period. */
export interface PastPeriod {
  start: Date
  end: Date
  used: number
}

/**
 * The latest periods of a rate, the current one last, with zeros where nothing was counted. Where months were counted from
 * elsewhere before, a period that was counted in is shown as it was, up to where the next one begins. One that was left
 * for the current one, though it began later, stands before that.
 */
export function pastPeriods(
  counts: readonly Pick<UsageCount, 'periodStart' | 'used'>[],
  { current, anchor, most }: { current: { start: Date; end: Date }; anchor: Date; most: number },
): PastPeriod[] {
  const newest = counts.toSorted((a, b) => b.periodStart.getTime() - a.periodStart.getTime())
  const now = newest.find(({ periodStart }) => periodStart.getTime() === current.start.getTime())
  const left = newest.filter(({ periodStart }) => periodStart > current.start)
  const periods: PastPeriod[] = [
    { ...current, used: now?.used ?? 0 },
    ...left.map(({ periodStart: start, used }) => ({ start, end: current.end, used })),
  ]
  let [end, from] = [current.start, anchor]
  while (periods.length < most) {
    const begins = periodBefore(from, end)
    const counted = newest.find(({ periodStart }) => begins <= periodStart && periodStart < end)
    const start = counted?.periodStart ?? begins
    periods.push({ start, end, used: counted?.used ?? 0 })
    if (start.getTime() !== begins.getTime()) from = start
    end = start
  }
  return periods.slice(0, most).reverse()
}
