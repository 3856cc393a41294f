import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  catalogue,
  days,
  facts,
  grant,
  noon,
  plan,
  someFacts,
  someInstant,
  statuses,
  subscription,
} from '../../test/support/someFacts.ts'
import { type Source, sources } from './facts.ts'
import {
  decide,
  isInForce,
  latestTrial,
  lowestPlanWith,
  resolveFeatures,
  resolveLimits,
  seatLimit,
  whyRefused,
} from './rules.ts'

const millisecond = (at: Date, count: number) => new Date(at.getTime() + count)

describe('isInForce', () => {
  const begun = { from: days(-1), until: days(1) }
  test.each<[string, Date, boolean]>([
    ['before it begins', millisecond(days(-1), -1), false],
    ['at its first instant', days(-1), true],
    ['inside', noon, true],
    ['1 ms before its end', millisecond(days(1), -1), true],
    ['at its end', days(1), false],
  ])('%s', (_when, at, inForce) => expect(isInForce(begun, at)).toBe(inForce))

  test('one without an end stays in force', () => {
    expect(isInForce({ from: days(-1), until: null }, days(40_000))).toBe(true)
  })
  test('an empty one never is', () => {
    fc.assert(fc.property(someInstant, (at) => !isInForce({ from: noon, until: noon }, at)))
  })
})

describe('decide', () => {
  test('nothing in force is free', () => {
    expect(decide(facts(), catalogue, noon)).toMatchObject({ kind: 'free', plan: { plan: 'free' } })
  })

  test('the highest plan wins, whatever its source', () => {
    const grants = [grant({ source: 'override', plan: 'pro' }), grant({ source: 'trial', plan: 'team' })]
    expect(decide(facts({ grants }), catalogue, noon)).toMatchObject({
      kind: 'granted',
      plan: { plan: 'team' },
      grant: { source: 'trial' },
    })
  })

  test.each(
    sources.flatMap((first, i) => sources.slice(i + 1).map((second): [Source, Source] => [first, second])),
  )('of equal plans %s goes before %s', (first, second) => {
    const [better, worse] = [grant({ source: first, until: days(1) }), grant({ source: second, until: null })]
    for (const grants of [
      [better, worse],
      [worse, better],
    ]) {
      expect(decide(facts({ grants }), catalogue, noon)).toMatchObject({ grant: { source: first } })
    }
  })

  test('of equal sources the one that lasts longest', () => {
    const grants = [grant({ until: days(1) }), grant({ until: days(9) }), grant({ until: days(3) })]
    expect(decide(facts({ grants }), catalogue, noon)).toMatchObject({ grant: { until: days(9) } })
    const open = [...grants, grant({ until: null })]
    expect(decide(facts({ grants: open }), catalogue, noon)).toMatchObject({ grant: { until: null } })
  })

  test('complimentary until an instant gives way to the next source without anything happening', () => {
    const grants = [
      grant({ source: 'complimentary', plan: 'team', until: days(5) }),
      grant({ source: 'stripe', plan: 'pro', until: days(10) }),
    ]
    const planAt = (at: Date) => decide(facts({ grants }), catalogue, at).plan.plan
    expect(planAt(millisecond(days(5), -1))).toBe('team')
    expect(planAt(days(5))).toBe('pro')
    expect(planAt(days(10))).toBe('free')
  })

  test('is never below any grant in force, never above all of them, and does not depend on their order', () => {
    fc.assert(
      fc.property(someFacts, someInstant, (given, at) => {
        const decision = decide(given, catalogue, at)
        const ranks = given.grants
          .filter((candidate) => isInForce(candidate, at))
          .map((candidate) => catalogue.planOf(candidate.plan).rank)
        expect(decision.plan.rank).toBe(Math.max(0, ...ranks))
        expect(decision.kind).toBe(ranks.length > 0 ? 'granted' : 'free')
        const reversed = decide({ ...given, grants: [...given.grants].reverse() }, catalogue, at)
        const seen = (from: typeof decision) =>
          from.kind === 'granted' ? [from.grant.source, from.grant.until] : from.reason
        expect(seen(reversed)).toEqual(seen(decision))
      }),
    )
  })

  test('what Stripe says of a subscription opens nothing by itself: only a grant does', () => {
    for (const status of statuses) {
      const given = facts({ subscription: subscription({ status }) })
      expect(decide(given, catalogue, noon).kind).toBe('free')
    }
  })
})

describe('why there is nothing', () => {
  const reasonOf = (given: Parameters<typeof facts>[0], at = noon) => {
    const decision = decide(facts(given), catalogue, at)
    return decision.kind === 'free' ? decision.reason : null
  }
  test.each<[string, string]>([
    ['past_due', 'past-due'],
    ['unpaid', 'unpaid'],
    ['incomplete', 'unpaid'],
    ['paused', 'unpaid'],
    ['incomplete_expired', 'never-subscribed'],
    ['canceled', 'canceled'],
    ['active', 'canceled'],
    ['trialing', 'canceled'],
    ['a_word_of_tomorrow', 'canceled'],
  ])('subscription %s: %s', (status, reason) => {
    expect(reasonOf({ subscription: subscription({ status }) })).toBe(reason)
  })
  test('no subscription and no trial: never-subscribed', () => expect(reasonOf({})).toBe('never-subscribed'))
  test('a trial that ended 1 ms ago: trial-expired', () => {
    expect(reasonOf({ grants: [grant({ until: millisecond(noon, -1) })] })).toBe('trial-expired')
  })
  test('a trial that has yet to begin: never-subscribed', () => {
    expect(reasonOf({ grants: [grant({ from: days(1), until: days(9) })] })).toBe('never-subscribed')
  })
  test('one trial over and another yet to begin: trial-expired', () => {
    const grants = [grant({ from: days(-9), until: days(-1) }), grant({ from: days(1), until: days(9) })]
    expect(reasonOf({ grants })).toBe('trial-expired')
  })
  test('a trial that was taken back before it began: never-subscribed', () => {
    expect(reasonOf({ grants: [grant({ from: days(-1), until: days(-1) })] })).toBe('never-subscribed')
  })
})

describe('whyRefused', () => {
  const onPro = decide(facts({ grants: [grant()] }), catalogue, noon)
  const onFree = decide(facts(), catalogue, noon)
  test.each([
    ['free', null],
    ['pro', null],
    ['team', 'plan-too-low'],
  ])('on pro, %s is asked for', (asked, reason) =>
    expect(whyRefused(onPro, catalogue.planOf(asked))).toBe(reason),
  )
  test('on free the reason is why there is nothing', () => {
    expect(whyRefused(onFree, catalogue.planOf('pro'))).toBe('never-subscribed')
    expect(whyRefused(onFree, catalogue.planOf('free'))).toBeNull()
  })
})

describe('resolveFeatures', () => {
  const resolved = (
    planName: string,
    overrides: { value: boolean; until: Date | null; name?: string }[],
    at = noon,
  ) =>
    resolveFeatures(
      facts({ featureOverrides: overrides.map((override) => ({ name: 'flowpilot', ...override })) }),
      catalogue.planOf(planName),
      catalogue,
      at,
    )
  test('the default, and the plan over it', () => {
    expect(resolved('free', [])).toEqual({ flowpilot: false, scripts: true, retired: false })
    expect(resolved('team', [])).toEqual({ flowpilot: true, scripts: false, retired: false })
  })
  test('the override of the account over the plan, either way', () => {
    expect(resolved('free', [{ value: true, until: null }]).flowpilot).toBe(true)
    expect(resolved('pro', [{ value: false, until: null }]).flowpilot).toBe(false)
  })
  test('an override ends at its end', () => {
    const override = [{ value: false, until: days(1) }]
    expect(resolved('pro', override, millisecond(days(1), -1)).flowpilot).toBe(false)
    expect(resolved('pro', override, days(1)).flowpilot).toBe(true)
  })
  test('a flag that is off is off, whatever plan and override say', () => {
    expect(resolved('pro', [{ name: 'retired', value: true, until: null }]).retired).toBe(false)
  })
  test('answers for every feature of the catalogue and for nothing else', () => {
    fc.assert(
      fc.property(someFacts, someInstant, (given, at) => {
        const found = resolveFeatures(given, catalogue.planOf('pro'), catalogue, at)
        expect(Object.keys(found)).toEqual(catalogue.features.map(({ name }) => name))
      }),
    )
  })
})

describe('which of four decides about a feature', () => {
  type Says = boolean | null
  const flag = (enabled: boolean, fallback: boolean) => ({ name: 'flag', description: '', enabled, fallback })
  test.each<[flag: string, enabled: boolean, own: Says, ofPlan: Says, fallback: boolean, outcome: boolean]>([
    ['the flag that is off', false, true, true, true, false],
    ['the flag that is off', false, false, true, true, false],
    ['the override', true, true, false, false, true],
    ['the override', true, false, true, true, false],
    ['the override', true, true, null, false, true],
    ['the override', true, false, null, true, false],
    ['the plan', true, null, true, false, true],
    ['the plan', true, null, false, true, false],
    ['the default', true, null, null, true, true],
    ['the default', true, null, null, false, false],
  ])('%s: on %s, override %s, plan %s, default %s → %s', (_who, enabled, own, ofPlan, fallback, outcome) => {
    const given = facts({ featureOverrides: own === null ? [] : [{ name: 'flag', value: own, until: null }] })
    const onPlan = plan('pro', 1, { features: ofPlan === null ? {} : { flag: ofPlan } })
    const found = resolveFeatures(given, onPlan, { ...catalogue, features: [flag(enabled, fallback)] }, noon)
    expect(found).toEqual({ flag: outcome })
  })
})

describe('resolveLimits', () => {
  const amounts = (planName: string, given: Parameters<typeof facts>[0] = {}, at = noon) => {
    const limits = resolveLimits(facts(given), catalogue.planOf(planName), catalogue, at)
    return Object.fromEntries(Object.entries(limits).map(([name, { amount }]) => [name, amount]))
  }
  const own = (amount: number | null, until: Date | null = null, name = 'calls') => ({
    limitOverrides: [{ name, amount, until }],
  })

  test.each<[string, string, Parameters<typeof facts>[0], number | null]>([
    ['what the plan has', 'pro', {}, 10],
    ['nothing of what it does not name', 'team', {}, 0],
    ['the override, more', 'pro', own(500), 500],
    ['the override, less', 'pro', own(3), 3],
    ['the override, without end', 'pro', own(null), null],
    ['the override of what the plan does not name', 'team', own(7), 7],
    ['an override that is over does nothing', 'pro', own(500, noon), 10],
    ['an override of something else does nothing', 'pro', own(500, null, 'exports'), 10],
  ])('%s', (_name, planName, given, amount) => expect(amounts(planName, given).calls).toBe(amount))

  test('an override lasts until its end, not a millisecond more or less', () => {
    expect(amounts('pro', own(500, days(1)), millisecond(days(1), -1)).calls).toBe(500)
    expect(amounts('pro', own(500, days(1)), days(1)).calls).toBe(10)
  })
  test('what a limit counts by is the plan’s word, and another plan’s where it has none', () => {
    const perOf = (planName: string) => resolveLimits(facts(), catalogue.planOf(planName), catalogue, noon)
    expect(perOf('pro').exports?.per).toBe('billing_month')
    expect(perOf('team').exports?.per).toBe('billing_month')
    expect(perOf('team').members?.per).toBeNull()
  })
  test('the limits of a pinned plan stay, and its words with them', () => {
    const pinned = {
      ...catalogue.planOf('pro'),
      limits: { calls: { amount: 4, per: null }, fax: { amount: 2, per: null } },
    }
    const limits = resolveLimits(facts(own(9, null, 'fax')), pinned, catalogue, noon)
    expect(limits).toMatchObject({
      calls: { amount: 4, per: null },
      fax: { amount: 9 },
      exports: { amount: 0 },
    })
  })
  test('answers for every limit of the catalogue, and members as seats', () => {
    fc.assert(
      fc.property(someFacts, someInstant, (given, at) => {
        const { plan: current } = decide(given, catalogue, at)
        const found = resolveLimits(given, current, catalogue, at)
        expect(Object.keys(found).sort()).toEqual(['calls', 'exports', 'members'])
        expect(found.members?.amount).toBe(seatLimit(given, current, at))
      }),
    )
  })
})

describe('seatLimit', () => {
  const fixed = plan('pro', 1, { seats: 'fixed', limits: { members: { amount: 50, per: null } } })
  const bought = { subscription: subscription({ seats: 7 }) }
  const own = { limitOverrides: [{ name: 'members', amount: 9, until: days(1) }] }
  test.each<[string, Parameters<typeof facts>[0], number | null]>([
    ['the plan’s', {}, 50],
    ['what was bought', bought, 7],
    [
      'not what was bought before it ended',
      { subscription: subscription({ seats: 7, status: 'canceled' }) },
      50,
    ],
    ['the override, over the plan', own, 9],
    ['the override, over what was bought', { ...bought, ...own }, 9],
  ])('%s', (_name, given, limit) => expect(seatLimit(facts(given), fixed, noon)).toBe(limit))

  describe('where seats follow the members', () => {
    const follows = plan('pro', 1, { seats: 'follow', limits: { members: { amount: 50, per: null } } })
    const ends = { cancelAtPeriodEnd: true }
    test.each<[string, Parameters<typeof subscription>[0], number]>([
      ['the plan’s while they are followed', {}, 50],
      ['the plan’s on trial', { status: 'trialing' }, 50],
      ['what was bought when it ends with the period', ends, 7],
      ['what was bought when it ends so by the portal', { cancelAt: days(20) }, 7],
      ['the plan’s when it ends after it is charged for once more', { cancelAt: days(40) }, 50],
      ['what was bought when it is owed for', { status: 'past_due' }, 7],
      ['what was bought when it is paused', { status: 'paused' }, 7],
      ['what was bought when it is unpaid', { status: 'unpaid' }, 7],
      ['the plan’s when more was bought once', { ...ends, seats: 60 }, 50],
      ['the plan’s once it is over', { status: 'canceled' }, 50],
      ['the plan’s when another one ends', { ...ends, plan: 'team' }, 50],
    ])('%s: %j', (_name, fields, limit) => {
      const given = facts({ subscription: subscription({ seats: 7, ...fields }) })
      expect(seatLimit(given, follows, noon)).toBe(limit)
      expect(seatLimit({ ...given, ...own }, follows, noon)).toBe(9)
    })

    test.each<[Source, number]>([
      ['complimentary', 50],
      ['override', 50],
      ['trial', 7],
      ['stripe', 7],
    ])('beside a grant by %s', (source, limit) => {
      const given = {
        subscription: subscription({ seats: 7, ...ends }),
        grants: [grant({ source, plan: 'pro' })],
      }
      expect(seatLimit(facts(given), follows, noon)).toBe(limit)
    })

    test('what was bought, of a plan for any number', () => {
      const given = facts({ subscription: subscription({ seats: 7, ...ends }) })
      expect(seatLimit(given, { ...follows, limits: {} }, noon)).toBe(7)
    })
  })

  test('any number where a plan does not name members, unless overridden', () => {
    const open = plan('team', 2, { limits: {} })
    expect(seatLimit(facts(), open, noon)).toBeNull()
    expect(seatLimit(facts(own), open, noon)).toBe(9)
    expect(seatLimit(facts(own), open, days(1))).toBeNull()
  })
})

describe('lowestPlanWith', () => {
  const lowest = (feature: string, override?: boolean) => {
    const featureOverrides = override === undefined ? [] : [{ name: feature, value: override, until: null }]
    return lowestPlanWith(feature, facts({ featureOverrides }), catalogue, noon)?.plan ?? null
  }
  test('the first public plan that has it', () => expect(lowest('flowpilot')).toBe('pro'))
  test('one that is on by default: the first plan that does not switch it off', () =>
    expect(lowest('scripts')).toBe('free'))
  test('none for a flag that is off for everybody', () => expect(lowest('retired')).toBeNull())
  test('none while it is switched off for this account', () => expect(lowest('flowpilot', false)).toBeNull())
  test('none for what is no feature', () => {
    expect(lowest('unheard_of')).toBeNull()
    expect(lowest('constructor')).toBeNull()
  })
})

describe('latestTrial', () => {
  test('of those that have begun the one that lasts longest', () => {
    const grants = [
      grant({ id: 'first', from: days(-20), until: days(-6) }),
      grant({ id: 'extended', from: days(-2), until: days(5) }),
      grant({ id: 'to come', from: days(2), until: days(30) }),
      grant({ id: 'paid', source: 'stripe', until: null }),
    ]
    expect(latestTrial({ grants }, noon)?.id).toBe('extended')
    expect(latestTrial({ grants }, days(-10))?.id).toBe('first')
    expect(latestTrial({ grants }, days(3))?.id).toBe('to come')
    expect(latestTrial({ grants }, days(-21))).toBeNull()
  })
})
