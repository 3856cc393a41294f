import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  catalogue,
  DAY,
  days,
  facts,
  grant,
  noon,
  someFacts,
  someInstant,
  statuses,
  subscription,
} from '../../test/support/someFacts.ts'
import type { Snapshot } from '../access/snapshot.ts'
import type { AccountFacts } from '../entitlements/facts.ts'
import { isInForce } from '../entitlements/rules.ts'
import { describeState, renderState, shownStatus } from './billingState.ts'

const allowances = { pastDueGraceDays: 7, periodEndAllowanceHours: 6 }
const described = (given: Partial<AccountFacts> = {}, at = noon) =>
  describeState(facts(given), 'owner', catalogue, allowances, at)
const millisecond = (at: Date, count: number) => new Date(at.getTime() + count)

describe('the status that is shown', () => {
  const trial = grant()
  const overTrial = grant({ until: days(-0.5) })
  const trialToCome = grant({ from: days(2), until: days(9) })
  const complimentary = grant({ source: 'complimentary', until: null })
  const overComplimentary = grant({ source: 'complimentary', from: days(-9), until: days(-1) })
  const override = grant({ source: 'override', until: null })

  test.each<[string, AccountFacts['grants'], string]>([
    ['nothing', [], 'none'],
    ['a trial in force', [trial], 'trialing'],
    ['a trial that is over', [overTrial], 'trial_expired'],
    ['a trial to come', [trialToCome], 'none'],
    ['a trial in force and one to come', [trial, trialToCome], 'trialing'],
    ['a trial over and one to come', [overTrial, trialToCome], 'trial_expired'],
    [
      'a trial that was extended after its end',
      [overTrial, grant({ from: noon, until: days(3) })],
      'trialing',
    ],
    ['complimentary', [complimentary], 'complimentary'],
    ['complimentary and a trial', [trial, complimentary], 'complimentary'],
    ['complimentary that is over, and a trial', [overComplimentary, trial], 'trialing'],
    ['complimentary that is over', [overComplimentary], 'none'],
    ['an override', [override], 'none'],
    ['an override after a trial', [override, overTrial], 'trial_expired'],
  ])('without a subscription, %s: %s → %s', (_name, grants, status) => {
    expect(shownStatus(facts({ grants }), noon)).toBe(status)
  })

  test.each(statuses)('%s is what Stripe says, while a trial is in force too', (status) => {
    expect(shownStatus(facts({ subscription: subscription({ status }), grants: [trial] }), noon)).toBe(status)
  })

  test.each(statuses)('complimentary shows unless the subscription, here %s, is live', (status) => {
    const given = facts({ subscription: subscription({ status }), grants: [complimentary] })
    const isShown = ['trialing', 'active', 'past_due', 'unpaid', 'paused'].includes(status)
    expect(shownStatus(given, noon)).toBe(isShown ? status : 'complimentary')
  })
})

describe('the fields', () => {
  test('on trial', () => {
    const state = described({ grants: [grant({ until: days(13.2) })] })
    expect(state).toMatchObject({
      has_pro_entitlement: true,
      plan: 'pro',
      reason: 'trial',
      subscription: {
        status: 'trialing',
        source: 'trial',
        trial_ends_at: days(13.2).toISOString(),
        trial_days_remaining: 14,
        ends_at: null,
      },
    })
  })

  test('the countdown is the whole days that are begun, and 0 after the end', () => {
    const grants = [grant({ until: days(2) })]
    const remaining = (at: Date) => described({ grants }, at).subscription.trial_days_remaining
    expect(remaining(noon)).toBe(2)
    expect(remaining(millisecond(days(1), -1))).toBe(2)
    expect(remaining(days(1))).toBe(1)
    expect(remaining(millisecond(days(2), -1))).toBe(1)
    expect(remaining(days(2))).toBe(0)
    expect(remaining(days(30))).toBe(0)
  })

  test('invites that are out hold seats until they expire', () => {
    const given = { inviteEnds: [days(1), days(2), days(-3)] }
    const pending = (at: Date) => described(given, at).subscription.seats.pending
    expect([noon, millisecond(days(1), -1), days(1), days(2)].map(pending)).toEqual([2, 2, 1, 0])
  })

  test('complimentary with and without an end', () => {
    const until = (end: Date | null) =>
      described({ grants: [grant({ source: 'complimentary', until: end })] }).subscription
    expect(until(null)).toMatchObject({ status: 'complimentary', source: 'complimentary', ends_at: null })
    expect(until(days(5))).toMatchObject({ ends_at: days(5).toISOString(), trial_ends_at: null })
  })

  test('a subscription that is set to end, and one whose charge failed', () => {
    const paid = [grant({ source: 'stripe', until: days(20) })]
    const ending = subscription({ cancelAtPeriodEnd: true, seats: 7 })
    expect(described({ grants: paid, subscription: ending }).subscription).toMatchObject({
      status: 'active',
      source: 'stripe',
      interval: 'month',
      current_period_end: days(20).toISOString(),
      cancel_at_period_end: true,
      ends_at: days(20).toISOString(),
      grace_ends_at: null,
      seats: { purchased: 7 },
    })
    const failed = subscription({ status: 'past_due', pastDueSince: days(-1) })
    expect(described({ grants: paid, subscription: failed }).subscription).toMatchObject({
      status: 'past_due',
      ends_at: null,
      grace_ends_at: days(6).toISOString(),
    })
  })

  test('free, after a trial', () => {
    expect(described({ grants: [grant({ until: noon })], members: 4 })).toMatchObject({
      has_pro_entitlement: false,
      plan: 'free',
      reason: 'trial-expired',
      subscription: {
        status: 'trial_expired',
        source: null,
        seats: { purchased: null, used: 4, pending: 0, limit: 0 },
      },
      plan_billing: { plan: 'free' },
    })
  })

  test('a plan above pro has what pro has; one that is unlimited says null', () => {
    expect(described({ grants: [grant({ plan: 'team' })] })).toMatchObject({
      has_pro_entitlement: true,
      plan_limits: { members: null, calls: { per: 'month', amount: 0 } },
      usage: { calls: { used: 0, limit: 0 } },
      subscription: { seats: { limit: null } },
    })
  })

  test('usage is of this month, and begins at zero in the next', () => {
    const usage = [{ name: 'calls', periodStart: new Date('2026-03-01T00:00:00.000Z'), used: 7 }]
    const grants = [grant({ until: null })]
    expect(described({ grants, usage }).usage).toMatchObject({
      calls: { used: 7, limit: 10, resets_at: '2026-04-01T00:00:00.000Z' },
    })
    expect(described({ grants, usage }, new Date('2026-04-01T00:00:00.000Z')).usage).toMatchObject({
      calls: { used: 0, limit: 10, resets_at: '2026-05-01T00:00:00.000Z' },
    })
  })
})

describe('limits of the account’s own', () => {
  test('take the place of the plan’s while they last, those of members in the seats too', () => {
    const limitOverrides = [
      { name: 'calls', amount: 99, until: days(1) },
      { name: 'members', amount: null, until: days(1) },
    ]
    const state = (at: Date) => described({ grants: [grant({ until: null })], limitOverrides }, at)
    expect(state(noon)).toMatchObject({
      plan_limits: { calls: { amount: 99 }, members: null },
      usage: { calls: { limit: 99 } },
      subscription: { seats: { limit: null } },
    })
    expect(state(days(1))).toMatchObject({
      plan_limits: { calls: { amount: 10 }, members: 1 },
      usage: { calls: { limit: 10 } },
      subscription: { seats: { limit: 1 } },
    })
  })
})

describe('the rendered state', () => {
  const rendered = (given: AccountFacts, at: Date) =>
    renderState(snapshotOf(given), catalogue, allowances, at)

  test('stays the same, to the byte, until the instant it names', () => {
    fc.assert(
      fc.property(
        someFacts,
        someInstant,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (given, at, part) => {
          const state = rendered(given, at)
          expect(state.changesAt > at).toBe(true)
          const span = state.changesAt.getTime() - at.getTime()
          for (const later of [Math.floor(part * span), span - 1]) {
            expect(rendered(given, millisecond(at, later)).body).toBe(state.body)
          }
        },
      ),
      { numRuns: 400 },
    )
  })

  test('names each step of the countdown and the end, and nothing between', () => {
    const given = facts({ grants: [grant({ until: days(2.5) })] })
    const instants: Date[] = []
    for (let at = noon; at < days(3); at = rendered(given, at).changesAt) instants.push(at)
    expect(instants).toEqual([noon, days(0.5), days(1.5), days(2.5)])
  })

  test('is known by a tag that differs exactly when the body does', () => {
    fc.assert(
      fc.property(someFacts, someInstant, someInstant, (given, at, other) => {
        const [first, second] = [rendered(given, at), rendered(given, other)]
        expect(first.etag).toMatch(/^"[\w-]{22}"$/)
        expect(first.etag === second.etag).toBe(first.body === second.body)
      }),
    )
  })

  test('opens pro exactly while a grant of pro or more is in force', () => {
    fc.assert(
      fc.property(someFacts, someInstant, (given, at) => {
        const open = given.grants.some(
          (candidate) => isInForce(candidate, at) && catalogue.planOf(candidate.plan).rank >= 1,
        )
        expect(JSON.parse(rendered(given, at).body).has_pro_entitlement).toBe(open)
      }),
    )
  })

  test('counts down by exactly one a day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 * DAY }), (left) => {
        const given = facts({ grants: [grant({ until: millisecond(noon, left) })] })
        const remaining = (at: Date) => described(given, at).subscription.trial_days_remaining ?? 0
        expect(remaining(noon) - remaining(days(1))).toBe(1)
      }),
    )
  })
})

function snapshotOf(given: AccountFacts): Snapshot {
  return {
    session: {
      id: 's',
      method: 'password',
      factor: null,
      generation: 1,
      rotatedAt: noon,
      signedInAt: noon,
      idleExpiresAt: days(30),
      expiresAt: days(90),
      revokedAt: null,
    },
    user: {
      id: 'u',
      email: 'ada@customer.example',
      name: null,
      emailVerifiedAt: noon,
      createdAt: noon,
      hasPassword: true,
    },
    account: {
      id: given.accountId,
      name: 'Ada',
      createdAt: noon,
      closedAt: null,
      requiresSecondFactor: false,
    },
    role: 'owner',
    accounts: [],
    facts: given,
    catalogueVersion: 1,
  }
}
