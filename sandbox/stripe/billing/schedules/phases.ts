import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { addIntervals } from '../calendar.ts'
import { getMethod } from '../customers.ts'
import { checkDiscounts } from '../discounts/makeDiscounts.ts'
import { customerOf, idOf, type Phase, type Schedule, type Subscription } from '../shapes.ts'
import type { ItemChange } from '../subscriptions/changeItems.ts'
import {
  checkTogether,
  getLiveSubscription,
  getRecurringPrice,
  recurrenceOf,
} from '../subscriptions/items.ts'
import type { PhaseParams } from './params.ts'

/** What a subscription is now, as the first phase of its schedule. */
export function phaseOfNow(subscription: Subscription): Phase {
  const [first] = subscription.items.data
  return {
    ...blankPhase(subscription.currency, subscription.trial_end),
    discounts: subscription.discounts.map((one) => ({
      coupon: null,
      discount: idOf(one),
      promotion_code: null,
    })),
    end_date: first?.current_period_end ?? 0,
    items: subscription.items.data.map(({ price, quantity = 1 }) => buildItem(price.id, quantity)),
    start_date: first?.current_period_start ?? 0,
  }
}

/** The phases as parameters say, each beginning where the one before ends; refuses what could not be entered. */
export function buildPhases(world: World, schedule: Schedule, given: PhaseParams[], now: number): Phase[] {
  const phases: Phase[] = []
  const subscription = getLiveSubscription(world, idOf(schedule.subscription) ?? '')
  given.forEach((params, place) => {
    const previous = phases.at(-1)
    const asked = params.start_date === 'now' ? now : params.start_date
    if (previous && asked !== undefined && asked !== previous.end_date) {
      throw new StripeRefusal('The start_date of a phase must be the end_date of the phase before.', {
        param: `phases[${place}][start_date]`,
      })
    }
    const start = previous?.end_date ?? asked ?? schedule.current_phase?.start_date ?? now
    phases.push(buildPhase(world, params, { subscription, start, place, now }))
  })
  return phases
}

interface Place {
  subscription: Subscription
  start: number
  place: number
  now: number
}

function buildPhase(world: World, params: PhaseParams, { subscription, start, place, now }: Place): Phase {
  const { currency } = subscription
  const [customer, where] = [customerOf(subscription), `phases[${place}]`]
  const prices = params.items.map(({ price }, item) =>
    getRecurringPrice(world, price, `${where}[items][${item}][price]`),
  )
  const [first] = prices
  if (!first) throw new StripeRefusal('A phase must have at least one item.', { param: `${where}[items]` })
  checkTogether(prices, `${where}[items]`, currency)
  checkDiscounts(world, params.discounts, { customer, currency }, `${where}[discounts]`)
  const { default_payment_method: method } = params
  const duration = params.duration ?? recurrenceOf({ price: first })
  const rhythm = { interval: duration.interval, interval_count: duration.interval_count ?? 1 }
  const asked = params.end_date === 'now' ? now : params.end_date
  const end = asked ?? addIntervals(start, rhythm, 1)
  if (end <= start) {
    throw new StripeRefusal('The end_date of a phase must be after its start_date.', {
      param: `${where}[end_date]`,
    })
  }
  if (typeof params.trial_end === 'number' && params.trial_end > end) {
    throw new StripeRefusal('The trial_end of a phase must not be after its end_date.', {
      param: `${where}[trial_end]`,
    })
  }
  const trialEnd = params.trial ? end : params.trial_end === 'now' ? null : (params.trial_end ?? null)
  return {
    ...blankPhase(currency, trialEnd),
    default_payment_method: method
      ? getMethod(world, method, customer, `${where}[default_payment_method]`).id
      : null,
    description: params.description || null,
    discounts: (params.discounts || []).map(({ coupon = null, discount = null, promotion_code = null }) => ({
      coupon,
      discount,
      promotion_code,
    })),
    end_date: end,
    items: params.items.map(({ quantity = 1, metadata = {} }, item) => ({
      ...buildItem(prices[item]?.id ?? '', quantity),
      metadata,
    })),
    metadata: params.metadata ?? {},
    proration_behavior: params.proration_behavior ?? 'create_prorations',
    start_date: start,
  }
}

/** The changes that make the items of a subscription those of a phase; an item stays the same one where it can. */
export function changesTo(phase: Phase, { items }: Subscription): ItemChange[] {
  const wanted = phase.items.map(({ price, quantity }) => ({
    price: idOf(price) ?? '',
    quantity: quantity ?? 1,
    isScheduled: true,
  }))
  const kept = items.data.map((item, place) => ({
    id: item.id,
    ...(wanted[place] ?? { deleted: true }),
  }))
  return [...kept, ...wanted.slice(items.data.length)]
}

function buildItem(price: string, quantity: number): Phase['items'][number] {
  return {
    billing_thresholds: null,
    discounts: [],
    metadata: {},
    plan: price,
    price,
    quantity,
    tax_rates: [],
  }
}

function blankPhase(currency: string, trial_end: number | null): Phase {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency,
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    end_date: 0,
    invoice_settings: null,
    items: [],
    metadata: {},
    on_behalf_of: null,
    proration_behavior: 'create_prorations',
    start_date: 0,
    transfer_data: null,
    trial_end,
  }
}
