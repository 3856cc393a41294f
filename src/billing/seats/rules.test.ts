import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { days } from '../../../test/support/someFacts.ts'
import { askedOf, decideSeats, readSeatMarks, type Seating, seatMarks } from './rules.ts'

const seating = (fields: Partial<Seating> = {}): Seating => ({
  status: 'active',
  cancelAtPeriodEnd: false,
  cancelAt: null,
  currentPeriodEnd: days(20),
  seats: 'follow',
  quantity: 4,
  seatsSet: 4,
  seatsAsked: 0,
  members: 4,
  ...fields,
})

describe('the quantity of a plan that follows its members', () => {
  test.each<[string, Partial<Seating>, [quantity: number, asked: number] | null]>([
    ['as many as there are', {}, null],
    ['somebody joined', { members: 5 }, [5, 0]],
    ['somebody left', { members: 3 }, [3, 0]],
    ['nobody is left', { members: 0 }, [1, 0]],
    ['seats that are asked for stay', { members: 2, seatsAsked: 4 }, null],
    ['more members than were asked for', { members: 6, seatsAsked: 4 }, [6, 4]],
    ['who leaves is not charged for, down to what was asked for', { members: 1, seatsAsked: 3 }, [3, 3]],
    ['more set by somebody', { quantity: 9 }, [9, 9]],
    ['fewer set by somebody', { quantity: 2, seatsAsked: 4 }, [4, 2]],
    ['without marks it was asked for', { seatsSet: null, seatsAsked: null, members: 2 }, null],
    ['without marks, and too few', { seatsSet: null, seatsAsked: null, members: 5 }, [5, 4]],
  ])('%s', (_name, fields, expected) => {
    const decision = expected
      ? { kind: 'set', quantity: expected[0], asked: expected[1] }
      : { kind: 'nothing' }
    expect(decideSeats(seating(fields))).toEqual(decision)
  })

  test('is settled once it is set, is never below the members, and what was asked for outlives what we set', () => {
    const count = fc.nat(60)
    fc.assert(
      fc.property(count, fc.option(count), count, count, (quantity, seatsSet, asked, members) => {
        const before = seating({ quantity, seatsSet, seatsAsked: seatsSet === null ? null : asked, members })
        const decision = decideSeats(before)
        if (decision.kind === 'nothing') {
          expect(quantity).toBeGreaterThanOrEqual(members)
          return
        }
        expect(decision.quantity).toBeGreaterThanOrEqual(members)
        expect(decision.asked).toBe(askedOf(before))
        const marks = readSeatMarks(seatMarks(decision.quantity, decision.asked))
        const after = { ...before, ...marks, quantity: decision.quantity }
        expect(decideSeats(after)).toEqual({ kind: 'nothing' })
        expect(askedOf(after)).toBe(askedOf(before))
      }),
    )
  })
})

describe('what is followed', () => {
  test.each<[string, Partial<Seating>, boolean]>([
    ['active', {}, true],
    ['trialing', { status: 'trialing' }, true],
    ['past_due', { status: 'past_due' }, false],
    ['unpaid', { status: 'unpaid' }, false],
    ['paused', { status: 'paused' }, false],
    ['incomplete', { status: 'incomplete' }, false],
    ['canceled', { status: 'canceled' }, false],
    ['a word of tomorrow', { status: 'hibernating' }, false],
    ['ends with the period', { cancelAtPeriodEnd: true }, false],
    ['ends with the period, by the portal', { cancelAt: days(20) }, false],
    ['ends after it is charged for once more', { cancelAt: days(40) }, true],
    ['seats that are bought', { seats: 'fixed' }, false],
    ['a price of no plan', { seats: undefined }, false],
  ])('%s: %j', (_name, fields, isFollowed) => {
    expect(decideSeats(seating({ members: 7, ...fields })).kind).toBe(isFollowed ? 'set' : 'nothing')
  })

  test('a plan without seats has one of what had seats before, and is let alone else', () => {
    expect(decideSeats(seating({ seats: null }))).toEqual({ kind: 'set', quantity: 1, asked: null })
    expect(decideSeats(seating({ seats: null, seatsSet: null, seatsAsked: null })).kind).toBe('nothing')
  })
})

test('marks that somebody has spoilt at Stripe are none', () => {
  const marks = seatMarks(7, 5)
  expect(readSeatMarks(marks)).toEqual({ seatsSet: 7, seatsAsked: 5 })
  const none = { seatsSet: null, seatsAsked: null }
  for (const value of ['', '-1', 'many', '1e9', '99999999999']) {
    const [first = ''] = Object.keys(marks)
    expect(readSeatMarks({ ...marks, [first]: value })).toEqual(none)
  }
  expect(readSeatMarks({})).toEqual(none)
  expect(readSeatMarks(seatMarks(1, null))).toEqual(none)
})
