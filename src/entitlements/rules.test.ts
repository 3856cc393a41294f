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
  statuses,
  subscription,
} from '../../test/support/someFacts.ts'
import { type Source, sources } from './facts.ts'
import {
  decide,
  isInForce,
  latestTrial,
  lowestPlanWith,
  periodOf,
  resolveFeatures,
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

describe('periodOf', () => {
  const monthly = { amount: 1, per: 'month' } as const
  test.each([
    ['2026-01-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    ['2026-02-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
    ['2028-02-29T12:00:00.000Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
    ['2026-12-31T23:59:59.999Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ])('%s lies in the month from %s to %s', (at, start, end) => {
    expect(periodOf(monthly, new Date(at))).toEqual({ start: new Date(start), end: new Date(end) })
  })
  test('contains its instant, and the next one begins where it ends', () => {
    fc.assert(
      fc.property(someInstant, (at) => {
        const { start, end } = periodOf(monthly, at)
        expect(start <= at && at < end).toBe(true)
        expect(periodOf(monthly, end).start).toEqual(end)
      }),
    )
  })
})
