import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { figurePeriods, MOST_PERIODS, spanOf } from './rules.ts'

const at = new Date('2026-03-11T12:00:00Z')
const shown = (
  per: (typeof figurePeriods)[number],
  from: string | null = null,
  until: string | null = null,
) => {
  const span = spanOf(per, { from: from ? new Date(from) : null, until: until ? new Date(until) : null }, at)
  if (span.kind !== 'span') return span.kind
  return [...span.starts, span.end].map((date) => date.toISOString().slice(0, 10))
}

describe('spanOf', () => {
  test('days, weeks from Monday, and months, also those that are meant in part', () => {
    expect(shown('day', '2026-02-27T23:00:00Z', '2026-03-02T00:00:00Z')).toEqual([
      '2026-02-27',
      '2026-02-28',
      '2026-03-01',
      '2026-03-02',
    ])
    expect(shown('week', '2026-03-01T00:00:00Z')).toEqual([
      '2026-02-23',
      '2026-03-02',
      '2026-03-09',
      '2026-03-16',
    ])
    expect(shown('month', '2025-12-31T00:00:00Z')).toEqual([
      '2025-12-01',
      '2026-01-01',
      '2026-02-01',
      '2026-03-01',
      '2026-04-01',
    ])
  })

  test('without a beginning, a month of days and a year of the others; nothing after now', () => {
    expect(shown('day')).toHaveLength(31)
    expect(shown('week')).toHaveLength(13)
    expect(shown('month')).toHaveLength(13)
    expect(shown('day', '2026-03-11T00:00:00Z', '2030-01-01T00:00:00Z')).toEqual(['2026-03-11', '2026-03-12'])
  })

  test.each([
    ['empty', '2026-03-12T00:00:00Z', null],
    ['empty', '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z'],
    ['too-long', '2000-01-01T00:00:00Z', null],
  ])('%s: from %s until %s', (kind, from, until) => expect(shown('day', from, until)).toBe(kind))

  test('whatever is asked, at most so many, one after another', () => {
    const some = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(fc.constantFrom(...figurePeriods), some, some, some, (per, from, until, now) => {
        const span = spanOf(per, { from, until }, now)
        if (span.kind !== 'span') return
        expect(span.starts.length).toBeLessThanOrEqual(MOST_PERIODS)
        const [first, last] = [span.starts[0] as Date, span.starts.at(-1) as Date]
        expect(first <= from && last <= now && span.end > last).toBe(true)
        for (const [i, start] of span.starts.entries()) {
          const next = span.starts[i + 1] ?? span.end
          expect(next.getTime() - start.getTime()).toBeGreaterThanOrEqual(86_400_000)
        }
      }),
    )
  })
})
