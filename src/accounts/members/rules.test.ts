import { describe, expect, test } from 'vitest'
import { type Role, roles } from '../../http/actor.ts'
import { whyNot } from './rules.ts'

const [no, high, gift] = ['role-too-low', 'target-above', 'gives-above'] as const

/** By the role of whoever acts, then of whom they act on: what stands against each role that is given, and against taking out. */
const others: [own: Role, target: Role, ...ReturnType<typeof whyNot>[]][] = [
  //                  owner, admin, member, viewer, out
  ['owner', 'owner', null, null, null, null, null],
  ['owner', 'admin', null, null, null, null, null],
  ['owner', 'member', null, null, null, null, null],
  ['owner', 'viewer', null, null, null, null, null],
  ['admin', 'owner', high, high, high, high, high],
  ['admin', 'admin', gift, null, null, null, null],
  ['admin', 'member', gift, null, null, null, null],
  ['admin', 'viewer', gift, null, null, null, null],
  ['member', 'owner', no, no, no, no, no],
  ['member', 'admin', no, no, no, no, no],
  ['member', 'member', no, no, no, no, no],
  ['member', 'viewer', no, no, no, no, no],
  ['viewer', 'owner', no, no, no, no, no],
  ['viewer', 'admin', no, no, no, no, no],
  ['viewer', 'member', no, no, no, no, no],
  ['viewer', 'viewer', no, no, no, no, no],
]
const outcomes = [...roles, null]

test.each(others)('%s acts on another %s', (own, target, ...verdicts) => {
  const act = { own, target, isSelf: false, otherOwners: 1 }
  expect(outcomes.map((becomes) => whyNot({ ...act, becomes }))).toEqual(verdicts)
})

describe('themselves', () => {
  test.each<[Role, ...ReturnType<typeof whyNot>[]]>([
    ['owner', null, null, null, null, null],
    ['admin', gift, null, null, null, null],
    ['member', no, no, no, no, null],
    ['viewer', no, no, no, no, null],
  ])('%s', (own, ...verdicts) => {
    const act = { own, target: own, isSelf: true, otherOwners: 1 }
    expect(outcomes.map((becomes) => whyNot({ ...act, becomes }))).toEqual(verdicts)
  })
})

test('the last owner stays one, whoever acts', () => {
  for (const isSelf of [true, false]) {
    const act = { own: 'owner', target: 'owner', isSelf, otherOwners: 0 } as const
    expect(outcomes.map((becomes) => whyNot({ ...act, becomes }))).toEqual([
      null,
      'last-owner',
      'last-owner',
      'last-owner',
      'last-owner',
    ])
  }
  // What may not be known is not told: who may not act at all hears of that first.
  expect(whyNot({ own: 'admin', target: 'owner', becomes: null, isSelf: false, otherOwners: 0 })).toBe(high)
})
