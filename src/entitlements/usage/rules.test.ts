import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  catalogue,
  days,
  facts,
  grant,
  noon,
  someFacts,
  someInstant,
  subscription,
} from '../../../test/support/someFacts.ts'
import type { Plan } from '../../catalogue/catalogue.ts'
import type { AccountFacts } from '../facts.ts'
import { decide } from '../rules.ts'
import {
  checkFeature,
  checkLimit,
  checkReasons,
  periodOf,
  remainingOf,
  standingsOf,
  usedIn,
} from './rules.ts'

const month = { per: 'month' } as const
const billing = { per: 'billing_month' } as const
const free = { kind: 'free' } as const
const since = (anchor: Date | string) => ({ kind: 'granted', grant: { anchor: new Date(anchor) } }) as const
const period = (start: string, end: string) => ({ start: new Date(start), end: new Date(end) })

describe('calendar months', () => {
  test.each([
    ['2026-01-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    ['2026-02-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
    ['2028-02-29T12:00:00.000Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
    ['2026-12-31T23:59:59.999Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ])('%s lies in the month from %s to %s', (at, start, end) => {
    expect(periodOf(month, since('2026-01-20T07:00:00Z'), new Date(at))).toEqual(period(start, end))
    expect(periodOf(billing, free, new Date(at))).toEqual(period(start, end))
  })
})

describe('months of billing', () => {
  test.each([
    ['2026-03-15T10:30:00.000Z', '2026-03-15T10:29:59.999Z', '2026-02-15T10:30', '2026-03-15T10:30'],
    ['2026-03-15T10:30:00.000Z', '2026-03-15T10:30:00.000Z', '2026-03-15T10:30', '2026-04-15T10:30'],
    // Years after the anchor, and before it: a trial at Stripe has its anchor at its end.
    ['2020-03-15T10:30:00.000Z', '2026-12-20T00:00:00.000Z', '2026-12-15T10:30', '2027-01-15T10:30'],
    ['2026-03-15T10:30:00.000Z', '2026-01-01T00:00:00.000Z', '2025-12-15T10:30', '2026-01-15T10:30'],
  ])('from %s, at %s: %s to %s', (anchor, at, start, end) => {
    expect(periodOf(billing, since(anchor), new Date(at))).toEqual(period(`${start}Z`, `${end}Z`))
  })

  test('the last day of shorter months, and the 31st again after them', () => {
    const anchor = since('2026-12-31T12:00:00Z')
    const starts: string[] = []
    let at = new Date('2027-12-31T12:00:00Z')
    for (let i = 0; i < 13; i++) {
      const { start, end } = periodOf(billing, anchor, at)
      starts.push(start.toISOString().slice(0, 13))
      at = end ?? at
    }
    expect(starts).toEqual([
      '2027-12-31T12',
      '2028-01-31T12',
      '2028-02-29T12',
      '2028-03-31T12',
      '2028-04-30T12',
      '2028-05-31T12',
      '2028-06-30T12',
      '2028-07-31T12',
      '2028-08-31T12',
      '2028-09-30T12',
      '2028-10-31T12',
      '2028-11-30T12',
      '2028-12-31T12',
    ])
    const february = periodOf(billing, anchor, new Date('2027-03-01T00:00:00Z'))
    expect(february).toEqual(period('2027-02-28T12:00:00Z', '2027-03-31T12:00:00Z'))
  })

  const someTime = fc.date({
    min: new Date('2000-01-01T00:00:00Z'),
    max: new Date('2100-01-01T00:00:00Z'),
    noInvalidDate: true,
  })
  const somePer = fc.constantFrom(month, billing)

  test('whatever they are counted from, each instant lies in one, and it begins where the one before it ends', () => {
    fc.assert(
      fc.property(someTime, someTime, somePer, (anchor, at, limit) => {
        const { start, end } = periodOf(limit, since(anchor), at)
        if (!end) throw new Error('A rate has periods')
        expect(start <= at && at < end).toBe(true)
        expect(periodOf(limit, since(anchor), start)).toEqual({ start, end })
        expect(periodOf(limit, since(anchor), new Date(end.getTime() - 1))).toEqual({ start, end })
        expect(periodOf(limit, since(anchor), end).start).toEqual(end)
        expect(periodOf(limit, since(anchor), new Date(start.getTime() - 1)).end).toEqual(start)
        const length = (end.getTime() - start.getTime()) / 86_400_000
        expect(length >= 28 && length <= 31).toBe(true)
      }),
    )
  })

  test('the anchor itself begins one', () => {
    fc.assert(fc.property(someTime, (anchor) => periodOf(billing, since(anchor), anchor).start >= anchor))
  })
})

test('a level has no periods', () => {
  expect(periodOf({ per: null }, since(noon), noon)).toEqual({ start: new Date(0), end: null })
})

describe('what is used', () => {
  const usage: AccountFacts['usage'] = [
    { name: 'calls', periodStart: new Date(0), used: 5 },
    { name: 'calls', periodStart: new Date('2026-02-01T00:00:00Z'), used: 6 },
    { name: 'calls', periodStart: new Date('2026-03-01T00:00:00Z'), used: 7 },
    { name: 'calls', periodStart: new Date('2026-03-09T12:00:00Z'), used: 8 },
  ]
  const on = { kind: 'granted', grant: { anchor: days(-1) } } as const
  test.each<[string, { per: 'month' | 'billing_month' | null }, Date, number]>([
    ['the month', month, noon, 7],
    ['the month before', month, new Date('2026-02-28T23:00:00Z'), 6],
    ['the month of billing', billing, noon, 8],
    ['the level', { per: null }, noon, 5],
    ['nothing yet', month, new Date('2026-04-01T00:00:00Z'), 0],
  ])('of %s', (_name, limit, at, used) => {
    expect(usedIn({ usage }, 'calls', periodOf(limit, on, at))).toBe(used)
    expect(usedIn({ usage }, 'exports', periodOf(limit, on, at))).toBe(0)
  })

  test('of members is those there are and the invites that are out, each once', () => {
    const given = facts({ members: 3, inviteEnds: [days(1), days(2), days(-1)] })
    const standing = (at: Date) => standingsOf(given, decide(given, catalogue, at), catalogue, at).members
    expect(standing(noon)?.used).toBe(5)
    expect(standing(days(1))?.used).toBe(4)
  })
})

describe('what remains', () => {
  test.each<[number | null, number, number | null]>([
    [10, 0, 10],
    [10, 10, 0],
    [10, 25, 0],
    [0, 0, 0],
    [null, 25, null],
  ])('of %s with %s used: %s', (amount, used, remaining) =>
    expect(remainingOf({ amount, used })).toBe(remaining),
  )
})

describe('checkFeature', () => {
  const [flowpilot, scripts, retired] = catalogue.features
  const check = (feature: typeof flowpilot, given: Partial<AccountFacts> = {}) => {
    if (!feature) throw new Error('The catalogue has three features')
    const { allowed, reason, plan, upgrade } = checkFeature(feature, facts(given), catalogue, noon)
    return [allowed, reason, plan, upgrade]
  }
  const own = (value: boolean) => ({ featureOverrides: [{ name: 'flowpilot', value, until: days(1) }] })
  test.each<[string, ReturnType<typeof check>, ReturnType<typeof check>]>([
    ['the plan has it', check(flowpilot, { grants: [grant()] }), [true, 'in-plan', 'pro', null]],
    ['it is on by default', check(scripts), [true, 'in-plan', 'free', null]],
    ['the plan lacks it', check(flowpilot), [false, 'feature-not-in-plan', 'free', 'pro']],
    ['switched on', check(flowpilot, own(true)), [true, 'override', 'free', null]],
    [
      'switched off',
      check(flowpilot, { ...own(false), grants: [grant()] }),
      [false, 'override', 'pro', null],
    ],
    ['off for everybody', check(retired, { grants: [grant()] }), [false, 'feature-off', 'pro', null]],
  ])('%s', (_name, found, expected) => expect(found).toEqual(expected))
})

describe('checkLimit', () => {
  const check = (given: Partial<AccountFacts>, amount: number, name = 'calls') => {
    const all = facts(given)
    const standing = standingsOf(all, decide(all, catalogue, noon), catalogue, noon)[name]
    if (!standing) throw new Error(`There is no ${name}`)
    const { allowed, reason, upgrade } = checkLimit(name, amount, standing, all, catalogue, noon)
    return [allowed, reason, upgrade]
  }
  const onPro = { grants: [grant()] }
  const used = (count: number) => [
    { name: 'calls', periodStart: new Date('2026-03-01T00:00:00Z'), used: count },
  ]
  const calls = (amount: number) => ({ calls: { amount, per: 'month' } as const })
  const today: Record<string, Plan['limits']> = {
    free: calls(1),
    pro: calls(30),
    team: calls(5),
    internal: calls(99),
  }
  const own = (amount: number | null) => ({ limitOverrides: [{ name: 'calls', amount, until: null }] })
  test.each<[string, ReturnType<typeof check>, ReturnType<typeof check>]>([
    ['it fits', check({ ...onPro, usage: used(9) }, 1), [true, 'within-limit', null]],
    ['one too many', check({ ...onPro, usage: used(9) }, 2), [false, 'limit-reached', null]],
    ['a public plan that allows it', check({}, 10), [false, 'limit-reached', 'pro']],
    ['none allows so many', check({}, 11), [false, 'limit-reached', null]],
    [
      'an override allows it',
      check({ ...onPro, ...own(11), usage: used(9) }, 2),
      [true, 'within-limit', null],
    ],
    ['an override forbids it on every plan', check({ ...own(3) }, 4), [false, 'limit-reached', null]],
    ['no limit', check({ ...onPro, ...own(null), usage: used(99) }, 1e9), [true, 'unlimited', null]],
    [
      'above it since a smaller plan',
      check({ ...onPro, usage: used(25) }, 1),
      [false, 'limit-reached', null],
    ],
    ['members', check({ ...onPro, members: 1 }, 1, 'members'), [false, 'limit-reached', 'team']],
    [
      'more seats than were bought',
      check({ ...onPro, subscription: subscription({ seats: 1 }), members: 1 }, 1, 'members'),
      [false, 'limit-reached', 'team'],
    ],
  ])('%s', (_name, found, expected) => expect(found).toEqual(expected))

  test.each<[string, number, string | null]>([
    ['internal', 10, null],
    ['team', 10, null],
    ['pro', 10, null],
    ['pro', 2, 'team'],
    ['free', 2, 'pro'],
  ])('on %s, pinned to %s and all of it used, the way up is %s', (pinned, amount, upgrade) => {
    const all = facts({ grants: [grant({ plan: pinned })] })
    const march = period('2026-03-01', '2026-04-01')
    const standing = { amount, per: 'month', used: amount, period: march } as const
    const plans = catalogue.plans.map((each) => ({ ...each, limits: today[each.plan] ?? {} }))
    const check = checkLimit('calls', 1, standing, all, { ...catalogue, plans }, noon)
    expect([check.allowed, check.upgrade]).toEqual([false, upgrade])
  })

  test('allows exactly what remains, and says why in a word of the list', () => {
    fc.assert(
      fc.property(someFacts, someInstant, fc.nat(40), (given, at, amount) => {
        const standings = standingsOf(given, decide(given, catalogue, at), catalogue, at)
        for (const [name, standing] of Object.entries(standings)) {
          const found = checkLimit(name, amount + 1, standing, given, catalogue, at)
          const remaining = remainingOf(standing)
          expect(found.allowed).toBe(remaining === null || amount < remaining)
          expect(Object.keys(checkReasons)).toContain(found.reason)
          if (found.allowed) expect(found.upgrade).toBeNull()
        }
      }),
    )
  })
})
