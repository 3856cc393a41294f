import { describe, expect, test } from 'vitest'
import { days, facts, grant, noon } from '../../../test/support/someFacts.ts'
import type { Plan } from '../../catalogue/catalogue.ts'
import { quantityOf, trialToCarry } from './rules.ts'

describe('the trial that is carried over', () => {
  const until = (end: Date | null, rest = {}) => facts({ grants: [grant({ until: end, ...rest })] })
  const soon = (millis: number) => new Date(days(2).getTime() + 60_000 + millis)

  test.each([
    ['ten days left', until(days(10)), days(10)],
    ['48 hours and a minute left', until(soon(0)), soon(0)],
    ['a millisecond less', until(soon(-1)), null],
    ['over', until(days(-0.5)), null],
    ['still to come', until(days(20), { from: days(5) }), null],
    ['without an end', until(null), null],
    ['no trial', facts(), null],
    [
      'complimentary is no trial',
      facts({ grants: [grant({ source: 'complimentary', until: days(10) })] }),
      null,
    ],
    ['extended', facts({ grants: [grant({ until: days(1) }), grant({ until: days(9) })] }), days(9)],
  ])('%s', (_name, given, expected) => {
    expect(trialToCarry(given, noon)).toEqual(expected)
  })
})

describe('how many are bought', () => {
  const plan = (seats: Plan['seats'], most: number | null = 50) =>
    ({ displayName: 'Team', seats, limits: { members: { amount: most, per: null } } }) as unknown as Plan

  test.each<[string, Plan, number, number | undefined, number]>([
    ['one, where there are no seats', plan(null), 4, undefined, 1],
    ['as many as there are members', plan('follow'), 4, undefined, 4],
    ['never fewer than there are members', plan('follow'), 4, 2, 4],
    ['as many as asked for', plan('fixed'), 4, 9, 9],
    ['as many as the plan has', plan('follow'), 4, 50, 50],
    ['without a bound where the plan has none', plan('follow', null), 4, 900, 900],
  ])('%s', (_name, given, members, asked, quantity) => {
    expect(quantityOf(given, members, asked)).toEqual({ kind: 'quantity', quantity })
  })

  test('seats of a plan without, and more than the plan has, are refused', () => {
    expect(quantityOf(plan(null), 1, 2)).toMatchObject({ kind: 'refused' })
    expect(quantityOf(plan('follow'), 1, 51)).toMatchObject({ kind: 'refused' })
    expect(quantityOf(plan('follow'), 51, undefined)).toMatchObject({ kind: 'refused' })
    expect(quantityOf(plan('follow'), 51, undefined, { kept: 51 })).toMatchObject({ quantity: 51 })
  })

  test.each<[string, number | null, number, number | undefined, number | null]>([
    ['more than the plan has', 100, 56, undefined, 56],
    ['as many as it says', 100, 1, 100, 100],
    ['not more than it says', 100, 1, 101, null],
    ['without a bound where it has none', null, 1, 900, 900],
    ['not more than it says, below what the plan has', 2, 1, 3, null],
    ['whoever is there already', 2, 4, undefined, 4],
    ['whoever is there already, and nobody beside them', 2, 4, 5, null],
  ])('by an override: %s', (_name, amount, members, asked, quantity) => {
    const found = quantityOf(plan('follow'), members, asked, { override: { amount } })
    expect(found).toMatchObject(quantity === null ? { kind: 'refused' } : { kind: 'quantity', quantity })
  })
})
