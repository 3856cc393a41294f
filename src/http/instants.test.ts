import { describe, expect, test } from 'vitest'
import { refuseOddEnd } from './instants.ts'

const at = new Date('2026-06-01T12:00:00.000Z')

function refusalOf(written: string | null): unknown {
  try {
    refuseOddEnd('#/until', written === null ? null : new Date(written), at)
    return null
  } catch (error) {
    return error
  }
}

describe('an end', () => {
  test.each([null, '2026-06-01T12:00:00.001Z', '2026-06-01T13:00:00.001+01:00'])('%s is one', (written) => {
    expect(refusalOf(written)).toBeNull()
  })

  test.each([
    ['2026-06-01T12:00:00.000Z', 'must be in the future'],
    ['2020-01-01T00:00:00Z', 'must be in the future'],
    ['2100-12-31T23:59:60Z', 'is not an instant'],
    ['2100-01-01T00:00:00+02', 'is not an instant'],
  ])('%s %s', (written, detail) => {
    expect(refusalOf(written)).toMatchObject({
      code: 'invalid-request',
      members: { errors: [{ pointer: '#/until', detail }] },
    })
  })
})
