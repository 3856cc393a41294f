import { describe, expect, test } from 'vitest'
import type { MirroredSubscription } from '../projection/rules.ts'
import { decideChange, type Target } from './rules.ts'

const ranks: Record<string, number> = { pro: 1, team: 2 }
const rankOf = (plan: string) => ranks[plan] ?? 0
const scheduled = { plan: 'pro', interval: 'month' as const, quantity: 1, at: '2026-04-01T00:00:00.000Z' }

const current = (fields: Partial<MirroredSubscription> = {}) =>
  ({
    status: 'active',
    plan: 'team',
    interval: 'month',
    quantity: 4,
    cancelAt: null,
    cancelAtPeriodEnd: false,
    scheduled: null,
    ...fields,
  }) as MirroredSubscription
const target = (fields: Partial<Target> = {}): Target => ({
  plan: 'team',
  interval: 'month',
  quantity: 4,
  ...fields,
})
const decided = (from: Partial<MirroredSubscription>, to: Partial<Target>) =>
  decideChange(current(from), target(to), rankOf).kind

describe('more at once, less at the end of the period', () => {
  test.each<[string, Partial<MirroredSubscription>, Partial<Target>, string]>([
    ['a higher plan', { plan: 'pro' }, {}, 'now'],
    ['a higher plan by the month instead of the year', { plan: 'pro', interval: 'year' }, {}, 'now'],
    ['a higher plan with fewer seats', { plan: 'pro', quantity: 9 }, {}, 'now'],
    ['a price of no plan to one of ours', { plan: null }, { plan: 'pro' }, 'now'],
    ['a lower plan', {}, { plan: 'pro' }, 'at-period-end'],
    ['a lower plan by the year', {}, { plan: 'pro', interval: 'year' }, 'at-period-end'],
    ['the year instead of the month', {}, { interval: 'year' }, 'now'],
    ['the month instead of the year', { interval: 'year' }, {}, 'at-period-end'],
    ['the month and more seats', { interval: 'year' }, { quantity: 9 }, 'at-period-end'],
    ['more seats', {}, { quantity: 5 }, 'now'],
    ['fewer seats', {}, { quantity: 3 }, 'at-period-end'],
    ['the same', {}, {}, 'nothing'],
    ['the same, with something else scheduled', { scheduled }, {}, 'keep'],
    ['on trial, more', { status: 'trialing' }, { quantity: 5 }, 'now'],
  ])('%s: %j to %j is %s', (_name, from, to, kind) => {
    expect(decided(from, to)).toBe(kind)
  })
})

test.each<[Partial<MirroredSubscription>, string]>([
  [{ status: 'past_due' }, 'payment-due'],
  [{ status: 'unpaid' }, 'payment-due'],
  [{ status: 'paused' }, 'paused'],
  [{ cancelAtPeriodEnd: true }, 'ending'],
  [{ cancelAt: new Date(0) }, 'ending'],
])('%j is refused: %s', (from, reason) => {
  expect(decideChange(current(from), target({ quantity: 5 }), rankOf)).toEqual({ kind: 'refused', reason })
})
