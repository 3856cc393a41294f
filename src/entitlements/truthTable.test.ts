import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { days, HOUR, noon, someSubscription, statuses, subscription } from '../../test/support/someFacts.ts'
import { accessUntil, endsAt, graceEndsAt, truthTable } from './truthTable.ts'

const allowances = { pastDueGraceDays: 7, periodEndAllowanceHours: 6 }
const hours = (at: Date, count: number) => new Date(at.getTime() + count * HOUR)
const untilOf = (rest: Parameters<typeof subscription>[0]) => accessUntil(subscription(rest), allowances)

const renews = { cancelAtPeriodEnd: false, cancelAt: null }
const endings = {
  cancel_at_period_end: { cancelAtPeriodEnd: true, cancelAt: null },
  'cancel_at before the period ends': { cancelAtPeriodEnd: false, cancelAt: days(3) },
  'cancel_at after the period ends': { cancelAtPeriodEnd: false, cancelAt: days(40) },
  both: { cancelAtPeriodEnd: true, cancelAt: days(20) },
}
const endOf = (ending: (typeof endings)[keyof typeof endings]) => ending.cancelAt ?? days(20)

describe('the table', () => {
  test('has every word of Stripe, each in rows that leave nothing open and overlap nowhere', () => {
    for (const status of statuses) {
      for (const ending of [true, false]) {
        const rows = truthTable.filter(
          (row) => row.statuses.includes(status) && (row.ending === null || row.ending === ending),
        )
        expect(rows, `${status}, ending: ${ending}`).toHaveLength(1)
      }
    }
  })
})

describe.each(['trialing', 'active'])('%s', (status) => {
  test('that renews gives access until the period ends and a little longer', () => {
    expect(untilOf({ status, ...renews })).toEqual(hours(days(20), 6))
  })
  test.each(Object.entries(endings))('%s: until exactly then', (_name, ending) => {
    expect(untilOf({ status, ...ending })).toEqual(endOf(ending))
  })
  test('without a period gives none', () => {
    expect(untilOf({ status, ...renews, currentPeriodEnd: null })).toBeNull()
    expect(untilOf({ status, cancelAtPeriodEnd: true, currentPeriodEnd: null })).toBeNull()
  })
})

describe('past_due', () => {
  const pastDueSince = days(-2)
  test('gives access for the days of grace after it began', () => {
    expect(untilOf({ status: 'past_due', pastDueSince })).toEqual(days(5))
  })
  test('a set end also ends the grace', () => {
    expect(untilOf({ status: 'past_due', pastDueSince, cancelAt: days(3) })).toEqual(days(3))
    expect(untilOf({ status: 'past_due', pastDueSince, cancelAt: days(30) })).toEqual(days(5))
  })
  test('without a beginning gives none', () => {
    expect(untilOf({ status: 'past_due', pastDueSince: null })).toBeNull()
  })
  test('with no days of grace ends where it began', () => {
    const none = { ...allowances, pastDueGraceDays: 0 }
    expect(accessUntil(subscription({ status: 'past_due', pastDueSince }), none)).toEqual(pastDueSince)
  })
})

describe.each(['unpaid', 'incomplete', 'incomplete_expired', 'paused', 'canceled', 'a_word_of_tomorrow', ''])(
  '%s',
  (status) => {
    test.each(Object.entries({ renews, ...endings }))('%s: no access', (_name, ending) => {
      expect(untilOf({ status, ...ending, pastDueSince: noon })).toBeNull()
    })
  },
)

describe('endsAt and graceEndsAt', () => {
  test('a subscription that renews has no end', () => expect(endsAt(subscription())).toBeNull())
  test('only past_due has a grace', () => {
    for (const status of statuses) {
      const ends = graceEndsAt(subscription({ status, pastDueSince: noon }), allowances)
      expect(ends).toEqual(status === 'past_due' ? days(7) : null)
    }
  })
})

test('a set end is never outlived, whatever else is said', () => {
  fc.assert(
    fc.property(someSubscription, (given) => {
      const [until, end] = [accessUntil(given, allowances), endsAt(given)]
      if (until && end) expect(until.getTime()).toBeLessThanOrEqual(end.getTime())
    }),
  )
})

test('more generous allowances never take access away', () => {
  fc.assert(
    fc.property(someSubscription, fc.nat(30), fc.nat(48), (given, moreDays, moreHours) => {
      const generous = { pastDueGraceDays: 7 + moreDays, periodEndAllowanceHours: 6 + moreHours }
      const [less, more] = [accessUntil(given, allowances), accessUntil(given, generous)]
      expect(more === null).toBe(less === null)
      if (less && more) expect(more.getTime()).toBeGreaterThanOrEqual(less.getTime())
    }),
  )
})
