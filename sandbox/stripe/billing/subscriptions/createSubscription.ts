import { mergeMetadata } from '../../engine/metadata.ts'
import { StripeRefusal } from '../../refusal.ts'
import { getCustomer } from '../../resources/getCustomer.ts'
import { newId, type World } from '../../world.ts'
import { DAY, type Period, periodAround } from '../calendar.ts'
import { checkFuture, checkTrialEnd } from '../checkFuture.ts'
import { getMethod } from '../customers.ts'
import { makeDiscounts } from '../discounts/makeDiscounts.ts'
import { holdEvents, releaseEvents } from '../holdEvents.ts'
import { type Attempt, collectInvoice } from '../invoices/collectInvoice.ts'
import { finalizeInvoice } from '../invoices/finalizeInvoice.ts'
import type { PaymentOutcome } from '../payments/confirmIntent.ts'
import { type Customer, type Invoice, idOf, type Subscription } from '../shapes.ts'
import { announceTrialEnd } from './announceTrialEnd.ts'
import { blankSubscription, noCancellation } from './buildSubscription.ts'
import { invoiceSubscription } from './invoiceSubscription.ts'
import { bearerOf, getRecurringPrice, itemList, makeItem, recurrenceOf } from './items.ts'
import type { CreateParams } from './params.ts'
import { recurringLines } from './recurringLines.ts'
import { simpleFields } from './simpleFields.ts'

/** What was made, and what became of the first payment, if there was one. */
export interface Created {
  subscription: Subscription
  invoice: Invoice | null
  payment: PaymentOutcome | null
}

/** As `POST /v1/subscriptions` does, with the events in the order in which Stripe was seen to send them. */
export function createSubscription(world: World, params: CreateParams, attempt: Attempt = {}): Created {
  const held = holdEvents(world)
  const created = startSubscription(held.world, params, attempt)
  held.events.push({
    type: 'customer.subscription.created',
    kind: 'subscription',
    object: created.subscription,
    before: undefined,
  })
  const told = held.events.filter(({ type }) => type !== 'customer.subscription.updated')
  releaseEvents(world, told, [
    'charge.succeeded',
    'charge.failed',
    'customer.subscription.created',
    '*',
    'invoice_payment.paid',
  ])
  return created
}

/** Makes it and its first invoice, and has that paid; its only event about the subscription is an update. */
export function startSubscription(world: World, params: CreateParams, attempt: Attempt = {}): Created {
  const customer = getCustomer(world, params.customer, 'customer')
  const blank = buildNew(world, customer, params)
  const discounts = makeDiscounts(world, params.discounts, bearerOf(blank))
  const subscription = world.store.put('subscription', { ...blank, discounts: discounts.map(({ id }) => id) })
  announceTrialEnd(world, subscription)
  const isFree =
    params.proration_behavior === 'none' && subscription.billing_cycle_anchor > subscription.created
  if (isFree && subscription.status !== 'trialing') return { subscription, invoice: null, payment: null }
  return payFirst(world, subscription, params, attempt)
}

function buildNew(world: World, customer: Customer, params: CreateParams): Subscription {
  const now = world.now(customer.id)
  const id = newId('sub')
  const trialEnd = trialEndOf(params, now)
  const prices = params.items.map(({ price }, place) =>
    getRecurringPrice(world, price, `items[${place}][price]`),
  )
  const anchor = params.billing_cycle_anchor ?? trialEnd ?? now
  if (anchor < now) refuse('billing_cycle_anchor cannot be in the past.', 'billing_cycle_anchor')
  const items = prices.map((price, place) => {
    const end = trialEnd ?? periodAround(anchor, recurrenceOf({ price }), now).end
    const where = { price, period: { start: now, end }, place }
    return makeItem(world, { id, customer: customer.id }, params.items[place] ?? {}, where)
  })
  const blank = blankSubscription(id, customer.id, now)
  const { default_payment_method: method } = params
  return {
    ...blank,
    ...simpleFields(blank, params),
    billing_cycle_anchor: anchor,
    ...cancelFields(
      params,
      now,
      items.map(({ current_period_end }) => current_period_end),
    ),
    currency: prices[0]?.currency ?? 'usd',
    default_payment_method: method
      ? getMethod(world, method, customer.id, 'default_payment_method').id
      : null,
    items: itemList(id, items),
    metadata: mergeMetadata({}, params.metadata),
    status: trialEnd === null ? 'active' : 'trialing',
    test_clock: customer.test_clock ?? null,
    trial_end: trialEnd,
    trial_start: trialEnd === null ? null : now,
  }
}

function trialEndOf({ trial_end, trial_period_days }: CreateParams, now: number): number | null {
  if (trial_end !== undefined && trial_period_days !== undefined) {
    refuse('You may only specify one of these parameters: trial_end, trial_period_days.', 'trial_period_days')
  }
  if (trial_period_days !== undefined) return now + trial_period_days * DAY
  if (trial_end === undefined || trial_end === 'now') return null
  checkTrialEnd(trial_end, now, 'trial_end')
  return trial_end
}

function cancelFields(
  { cancel_at, cancel_at_period_end = false }: CreateParams,
  now: number,
  ends: Period['end'][],
) {
  if (cancel_at === undefined && !cancel_at_period_end) return {}
  if (typeof cancel_at === 'number') checkFuture(cancel_at, now, 'cancel_at')
  const atPeriodEnd = cancel_at === 'min_period_end' ? Math.min(...ends) : Math.max(...ends)
  return {
    cancel_at: typeof cancel_at === 'number' ? cancel_at : atPeriodEnd,
    cancel_at_period_end,
    canceled_at: now,
    cancellation_details: { ...noCancellation(), reason: 'cancellation_requested' },
  } satisfies Partial<Subscription>
}

function payFirst(world: World, started: Subscription, params: CreateParams, attempt: Attempt): Created {
  const { payment_behavior = 'allow_incomplete' } = params
  const isCharged = started.collection_method === 'charge_automatically'
  const { subscription, invoice: draft } = invoiceSubscription(world, started, {
    reason: 'subscription_create',
    lines: recurringLines(world, started, started.items.data),
    ...(!isCharged && { waits: 'an hour' as const }),
  })
  if (!isCharged) return { subscription, invoice: draft, payment: null }
  if (draft.amount_due > 0) world.store.put('subscription', { ...subscription, status: 'incomplete' })
  const open = finalizeInvoice(world, draft)
  const settled = () => world.store.get('subscription', subscription.id) ?? subscription
  if (open.status !== 'open') return { subscription: settled(), invoice: open, payment: null }
  if (payment_behavior === 'default_incomplete')
    return { subscription: settled(), invoice: open, payment: null }
  const { invoice, ...payment } = collectInvoice(world, open, attempt)
  refuseUnpaid(payment, payment_behavior)
  return { subscription: settled(), invoice, payment }
}

/** https://docs.stripe.com/api/subscriptions/create#create_subscription-payment_behavior */
function refuseUnpaid(payment: PaymentOutcome, behaviour: string): void {
  if (payment.outcome === 'declined') {
    const isMissing = payment.refusal.options.code === 'resource_missing'
    if (isMissing || behaviour === 'error_if_incomplete') throw payment.refusal
  }
  if (payment.outcome === 'requires_action' && behaviour === 'error_if_incomplete') throw actionRequired()
}

/** What is answered where the buyer would have to prove who they are, and cannot. */
export function actionRequired(): StripeRefusal {
  return new StripeRefusal(
    'Payment for this subscription requires additional user action before it can be completed.',
    {
      status: 402,
      type: 'card_error',
      code: 'subscription_payment_intent_requires_action',
    },
  )
}

function refuse(message: string, param: string): never {
  throw new StripeRefusal(message, { param })
}

/** The invoice that a subscription made last, or null. */
export function latestInvoice({ store }: World, { latest_invoice }: Subscription): Invoice | null {
  return store.get('invoice', idOf(latest_invoice) ?? '') ?? null
}
