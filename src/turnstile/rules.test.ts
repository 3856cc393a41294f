import { expect, test } from 'vitest'
import { verdictOf } from './rules.ts'

test.for([
  [{ success: true, 'error-codes': [] }, 'passed'],
  [{ success: true }, 'passed'],
  [{ success: false, 'error-codes': ['invalid-input-response'] }, 'failed'],
  [{ success: false, 'error-codes': ['timeout-or-duplicate'] }, 'failed'],
  [{ success: false, 'error-codes': [] }, 'failed'],
  [{ success: false }, 'failed'],
  // Our own fault must not turn people away.
  [{ success: false, 'error-codes': ['invalid-input-secret'] }, 'unavailable'],
  [{ success: false, 'error-codes': ['internal-error'] }, 'unavailable'],
  [{ success: 'true' }, 'unavailable'],
  [{}, 'unavailable'],
  [null, 'unavailable'],
  ['<html>', 'unavailable'],
] as const)('%j: %s', ([answer, verdict], { expect }) => {
  expect(verdictOf(answer)).toBe(verdict)
})

test('nothing but a clear yes passes', () => {
  for (const success of [1, 'yes', [true], {}]) expect(verdictOf({ success })).not.toBe('passed')
})
