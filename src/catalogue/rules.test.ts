import { describe, expect, test } from 'vitest'
import { plan } from '../../test/support/someFacts.ts'
import { planHasFeature } from './rules.ts'

describe('planHasFeature', () => {
  const flag = (enabled: boolean, fallback: boolean, name = 'scripts') => ({
    name,
    enabled,
    fallback,
    description: '',
  })
  const cases: [value: boolean | undefined, fallback: boolean, enabled: boolean, has: boolean][] = [
    [undefined, false, true, false],
    [undefined, true, true, true],
    [false, true, true, false],
    [true, false, true, true],
    [undefined, true, false, false],
    [true, true, false, false],
  ]
  test.each(cases)(
    'the plan says %s, the default is %s, the flag is on: %s → %s',
    (value, fallback, enabled, has) => {
      const features: Record<string, boolean> = value === undefined ? {} : { scripts: value }
      expect(planHasFeature(plan('pro', 1, { features }), flag(enabled, fallback))).toBe(has)
    },
  )

  test('a feature named like what every object has falls back like any other', () => {
    expect(planHasFeature(plan('pro', 1), flag(true, false, 'constructor'))).toBe(false)
    expect(planHasFeature(plan('pro', 1), flag(true, true, 'constructor'))).toBe(true)
  })
})
