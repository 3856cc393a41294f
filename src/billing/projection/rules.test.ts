import fc from 'fast-check'
import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { isLive } from '../../entitlements/truthTable.ts'
import { differencesOf } from './differences.ts'
import { boughtTwice, CHECKOUT_KEY, chooseShown, mirrorSubscription } from './rules.ts'

const at = Date.UTC(2026, 2, 10) / 1000
const DAY = 86_400
const prices = [
  { priceId: 'price_pro', productId: 'prod_pro', plan: 'pro', interval: 'month' as const },
  { priceId: 'price_team', productId: 'prod_team', plan: 'team', interval: 'year' as const },
]
const ranks: Record<string, number> = { free: 0, pro: 1, team: 2 }
const rankOf = (plan: string) => ranks[plan] ?? 0

interface Given {
  price?: string
  product?: string
  interval?: string
  count?: number
}

const price = ({
  price: id = 'price_pro',
  product = 'prod_pro',
  interval = 'month',
  count = 1,
}: Given = {}) => ({
  id,
  product,
  recurring: { interval, interval_count: count },
})

/** As much of a subscription as is read of it; what Stripe sends besides must not matter. */
function stripeSubscription(fields: object = {}, items: Given[] = [{}]): Stripe.Subscription {
  return {
    id: 'sub_1',
    status: 'active',
    items: {
      data: items.map((item, i) => ({
        id: `si_${i}`,
        quantity: 3,
        price: price(item),
        current_period_start: at,
        current_period_end: at + 30 * DAY,
      })),
    },
    billing_cycle_anchor: at - 40 * DAY,
    trial_end: null,
    cancel_at_period_end: false,
    cancel_at: null,
    canceled_at: null,
    ended_at: null,
    latest_invoice: null,
    schedule: null,
    default_payment_method: null,
    customer: 'cus_1',
    metadata: {},
    created: at,
    ...fields,
  } as unknown as Stripe.Subscription
}

const mirror = (fields?: object, items?: Given[], open: object[] = []) =>
  mirrorSubscription(stripeSubscription(fields, items), open as Stripe.Invoice[], prices)

describe('the plan', () => {
  test.each<[string, Given[], string | null]>([
    ['a known price', [{}], 'pro'],
    ['an unknown price of a known product counts as its plan', [{ price: 'price_old' }], 'pro'],
    ['an unknown price of an unknown product buys nothing', [{ price: 'price_x', product: 'prod_x' }], null],
    [
      'of several items the one that is ours',
      [
        { price: 'price_x', product: 'prod_x' },
        { price: 'price_team', product: 'prod_team' },
      ],
      'team',
    ],
  ])('%s', (_name, items, plan) => {
    expect(mirror({}, items).plan).toBe(plan)
  })

  test('an interval that is not a month or a year is none of ours', () => {
    expect(mirror({}, [{ interval: 'year' }]).interval).toBe('year')
    expect(mirror({}, [{ interval: 'week' }]).interval).toBeNull()
    expect(mirror({}, [{ count: 3 }]).interval).toBeNull()
  })

  test('a subscription without items is an error, not a guess', () => {
    expect(() => mirror({}, [])).toThrow('sub_1 has no items')
  })
})

describe('when a charge first failed', () => {
  const invoice = (finalized: number | null, subscription = 'sub_1') => ({
    id: 'in_1',
    status_transitions: { finalized_at: finalized },
    parent: { subscription_details: { subscription } },
  })

  test('is when the oldest open invoice of the subscription was finalised', () => {
    const open = [invoice(at + 40 * DAY), invoice(at + 9 * DAY), invoice(at, 'sub_2')]
    expect(mirror({ status: 'past_due' }, [{}], open).pastDueSince).toEqual(new Date((at + 9 * DAY) * 1000))
  })

  test('is when it was due, of an invoice that is sent', () => {
    const sent = { ...invoice(at), due_date: at + 14 * DAY } as unknown as Stripe.Invoice
    expect(mirror({ status: 'past_due' }, [{}], [sent]).pastDueSince).toEqual(
      new Date((at + 14 * DAY) * 1000),
    )
  })

  test('is of the latest invoice where none is open any more', () => {
    const latest = { status: 'past_due', latest_invoice: invoice(at + DAY) }
    expect(mirror(latest).pastDueSince).toEqual(new Date((at + DAY) * 1000))
  })

  test('is nothing while nothing is due', () => {
    expect(mirror({ status: 'active' }, [{}], [invoice(at)]).pastDueSince).toBeNull()
  })
})

describe('from when Stripe counts', () => {
  test('is mirrored, and a change when it moves', () => {
    const [was, moved] = [mirror(), mirror({ billing_cycle_anchor: at })]
    expect(was.billingAnchor).toEqual(new Date((at - 40 * DAY) * 1000))
    expect(differencesOf([was], [moved])).toHaveLength(1)
  })

  test('is no news by itself where it was not mirrored yet', () => {
    const was = { ...mirror(), billingAnchor: null }
    expect(differencesOf([was], [mirror()])).toEqual([])
    expect(differencesOf([was], [mirror({ status: 'past_due' })])).toHaveLength(1)
  })
})

test('a change that is scheduled is the phase that follows the current one', () => {
  const schedule = {
    id: 'sub_sched_1',
    status: 'active',
    current_phase: { start_date: at, end_date: at + 30 * DAY },
    phases: [
      { start_date: at, items: [{ price: 'price_team', quantity: 3 }] },
      { start_date: at + 30 * DAY, items: [{ price: 'price_pro', quantity: 1 }] },
    ],
  }
  expect(mirror({ schedule }).scheduled).toEqual({
    plan: 'pro',
    interval: 'month',
    quantity: 1,
    at: new Date((at + 30 * DAY) * 1000).toISOString(),
  })
  expect(mirror({ schedule: { ...schedule, status: 'released' } }).scheduled).toBeNull()
  expect(mirror({ schedule: 'sub_sched_1' }).scheduled).toBeNull()
})

describe('of several subscriptions', () => {
  const someOne = fc.record({
    id: fc.uuid(),
    status: fc.constantFrom(
      'trialing',
      'active',
      'past_due',
      'unpaid',
      'paused',
      'incomplete',
      'canceled',
      'new_word',
    ),
    plan: fc.constantFrom('pro', 'team', null),
    createdAt: fc.integer({ min: 0, max: 3 }).map((day) => new Date(day * DAY * 1000)),
    checkoutId: fc.option(fc.uuid()),
  })
  const several = fc.uniqueArray(someOne, { selector: ({ id }) => id, maxLength: 5 })

  test('the same one is shown whatever order they come in, and a live one if there is any', () => {
    fc.assert(
      fc.property(
        several.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        ([all, shuffled]) => {
          const shown = chooseShown(all, rankOf)
          expect(chooseShown(shuffled, rankOf)).toBe(shown)
          expect(shown === null).toBe(all.length === 0)
          if (all.some(isLive)) expect(shown && isLive(shown)).toBe(true)
        },
      ),
    )
  })

  test('the first that was bought stays, and one that was made by hand is never cancelled', () => {
    fc.assert(
      fc.property(several, (all) => {
        const losers = boughtTwice(all)
        const bought = all.filter((one) => isLive(one) && one.checkoutId)
        fc.pre(new Set(bought.map(({ checkoutId }) => checkoutId)).size === bought.length)
        expect(losers).toHaveLength(Math.max(0, bought.length - 1))
        for (const loser of losers) expect(loser.checkoutId).not.toBeNull()
        const kept = bought.find((one) => !losers.includes(one))
        for (const loser of losers) expect(kept && kept.createdAt <= loser.createdAt).toBe(true)
      }),
    )
  })

  test('the highest plan that is paid for is shown, then the oldest', () => {
    const one = (id: string, status: string, plan: string, day: number) => ({
      id,
      status,
      plan,
      createdAt: new Date(day),
    })
    const all = [
      one('a', 'canceled', 'team', 9),
      one('b', 'unpaid', 'team', 1),
      one('c', 'active', 'pro', 3),
      one('d', 'past_due', 'pro', 2),
    ]
    expect(chooseShown(all, rankOf)?.id).toBe('d')
    expect(chooseShown([...all, one('e', 'trialing', 'team', 8)], rankOf)?.id).toBe('e')
  })

  test('who was a customer stays one, though a later attempt was never paid', () => {
    const one = (id: string, status: string, day: number) => ({
      id,
      status,
      plan: 'pro',
      createdAt: new Date(day),
    })
    const all = [one('a', 'canceled', 1), one('b', 'incomplete_expired', 2)]
    expect(chooseShown(all, rankOf)?.id).toBe('a')
  })
})

test('the mark of our checkout is read where it is one', () => {
  const id = '01900000-0000-7000-8000-000000000000'
  expect(mirror({ metadata: { [CHECKOUT_KEY]: id } }).checkoutId).toBe(id)
  expect(mirror({ metadata: { [CHECKOUT_KEY]: "'; drop table" } }).checkoutId).toBeNull()
})

test('the card is that of the subscription', () => {
  const card = { brand: 'visa', last4: '4242', exp_month: 4, exp_year: 2027 }
  expect(mirror({ default_payment_method: { card } }).card).toEqual({
    brand: 'visa',
    last4: '4242',
    expMonth: 4,
    expYear: 2027,
  })
  expect(mirror({ default_payment_method: 'pm_1' }).card).toBeNull()
  expect(mirror().card).toBeNull()
})
