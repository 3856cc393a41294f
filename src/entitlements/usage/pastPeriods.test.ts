import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pastPeriods } from './pastPeriods.ts'
import { periodOf } from './rules.ts'

const day = (text: string) => new Date(`${text}T00:00:00Z`)
const count = (start: string, used: number) => ({ periodStart: day(start), used })

/** The periods from an anchor at an instant, as `[start, end, used]`. */
function shown(counts: ReturnType<typeof count>[], anchor: string, at: string, most: number) {
  const granted = { kind: 'granted', grant: { anchor: day(anchor) } } as const
  const { start, end } = periodOf({ per: 'billing_month' }, granted, day(at))
  const current = { start, end: end ?? start }
  return pastPeriods(counts, { current, anchor: day(anchor), most }).map((period) => [
    period.start.toISOString().slice(0, 10),
    period.end.toISOString().slice(0, 10),
    period.used,
  ])
}

describe('pastPeriods', () => {
  test('zeros where nothing was counted, also now', () => {
    expect(shown([count('2026-01-01', 7)], '2026-01-01', '2026-03-09', 4)).toEqual([
      ['2025-12-01', '2026-01-01', 0],
      ['2026-01-01', '2026-02-01', 7],
      ['2026-02-01', '2026-03-01', 0],
      ['2026-03-01', '2026-04-01', 0],
    ])
  })

  test('from the 31st, the shorter months in between', () => {
    const counts = [count('2026-02-28', 2), count('2026-01-31', 1), count('2026-03-31', 3)]
    expect(shown(counts, '2025-12-31', '2026-04-02', 4)).toEqual([
      ['2025-12-31', '2026-01-31', 0],
      ['2026-01-31', '2026-02-28', 1],
      ['2026-02-28', '2026-03-31', 2],
      ['2026-03-31', '2026-04-30', 3],
    ])
  })

  test('calendar months before somebody paid are shown as they were, and none is lost', () => {
    const counts = [count('2026-03-09', 5), count('2026-03-01', 4), count('2026-01-01', 3)]
    expect(shown(counts, '2026-03-09', '2026-03-20', 5)).toEqual([
      ['2025-12-01', '2026-01-01', 0],
      ['2026-01-01', '2026-02-01', 3],
      ['2026-02-01', '2026-03-01', 0],
      ['2026-03-01', '2026-03-09', 4],
      ['2026-03-09', '2026-04-09', 5],
    ])
  })

  test('back on calendar months, the period that was left stands before the current one', () => {
    const counts = [count('2026-03-09', 5), count('2026-03-01', 4), count('2026-02-09', 3)]
    expect(shown(counts, '2026-01-01', '2026-03-20', 3)).toEqual([
      ['2026-02-09', '2026-03-01', 3],
      ['2026-03-09', '2026-04-01', 5],
      ['2026-03-01', '2026-04-01', 4],
    ])
  })

  test('whatever was counted, as many as were asked for, and each count once', () => {
    const someDay = fc.date({ min: day('2025-01-01'), max: day('2025-12-31'), noInvalidDate: true })
    const someCounts = fc.uniqueArray(fc.record({ periodStart: someDay, used: fc.nat(9) }), {
      selector: ({ periodStart }) => periodStart.getTime(),
      maxLength: 8,
    })
    fc.assert(
      fc.property(someCounts, someDay, fc.integer({ min: 1, max: 40 }), (counts, anchor, most) => {
        const granted = { kind: 'granted', grant: { anchor } } as const
        const { start, end } = periodOf({ per: 'billing_month' }, granted, day('2025-12-31'))
        const periods = pastPeriods(counts, { current: { start, end: end ?? start }, anchor, most })
        expect(periods).toHaveLength(most)
        const starts = periods.map((period) => period.start.getTime())
        expect(new Set(starts).size).toBe(most)
        if (most < 30) return
        const total = (all: { used: number }[]) => all.reduce((sum, { used }) => sum + used, 0)
        expect(total(periods)).toBe(total(counts))
      }),
    )
  })
})
