import { describe, expect, test } from 'vitest'
import { decidingGrant, lastTrialEnd, stateAt } from './rules.ts'
import type { Grant } from './useAccount.ts'

const at = new Date('2026-03-10T12:00:00Z')
const day = (date: number) => `2026-03-${String(date).padStart(2, '0')}T12:00:00.000Z`
const grant = (given: Partial<Grant>): Grant => ({
  id: crypto.randomUUID(),
  source: 'complimentary',
  plan: 'pro',
  from: day(1),
  until: null,
  reason: 'because',
  ...given,
})

describe('stateAt', () => {
  test('counts from its beginning, and no more at its end', () => {
    expect(stateAt({ from: day(10), until: day(11) }, at)).toBe('in-force')
    expect(stateAt({ from: day(1), until: day(10) }, at)).toBe('over')
    expect(stateAt({ from: day(11), until: null }, at)).toBe('coming')
    // Given a moment ago, by a clock that is a little ahead.
    expect(stateAt({ from: '2026-03-10T12:00:20.000Z', until: null }, at)).toBe('in-force')
    expect(stateAt({ until: null }, at)).toBe('in-force')
  })
})

describe('decidingGrant', () => {
  test('is of the plan and source that decide, and the one that lasts longest', () => {
    const [short, long, other, over] = [
      grant({ until: day(12) }),
      grant({ until: day(20) }),
      grant({ source: 'trial', until: day(25) }),
      grant({ until: day(9) }),
    ]
    const grants = [short, long, other, over]
    expect(decidingGrant({ grants, plan: 'pro', reason: 'complimentary' }, at)).toBe(long)
    const forGood = grant({})
    expect(decidingGrant({ grants: [...grants, forGood], plan: 'pro', reason: 'complimentary' }, at)).toBe(
      forGood,
    )
    expect(decidingGrant({ grants, plan: 'free', reason: 'trial-expired' }, at)).toBeNull()
  })
})

test('the last trial ends when the longest of them does', () => {
  const trials = [grant({ source: 'trial', until: day(5) }), grant({ source: 'trial', until: day(15) })]
  expect(lastTrialEnd([...trials, grant({ until: day(30) })])).toEqual(new Date(day(15)))
  expect(lastTrialEnd([grant({})])).toBeNull()
})
