import { mergeMetadata } from '../../engine/metadata.ts'
import { previousAttributes } from '../../engine/replace.ts'
import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { HOUR } from '../calendar.ts'
import { checkFuture, checkTrialEnd } from '../checkFuture.ts'
import { getMethod } from '../customers.ts'
import { makeDiscounts } from '../discounts/makeDiscounts.ts'
import { holdEvents, releaseEvents } from '../holdEvents.ts'
import { collectInvoice } from '../invoices/collectInvoice.ts'
import { finalizeInvoice } from '../invoices/finalizeInvoice.ts'
import type { PaymentOutcome } from '../payments/confirmIntent.ts'
import { customerOf, type Invoice, idOf, type Subscription } from '../shapes.ts'
import { announceTrialEnd } from './announceTrialEnd.ts'
import { type Applied, applyChange, type Change } from './applyChange.ts'
import { cancelFieldsOf, settleCancelAt } from './cancelAt.ts'
import { actionRequired } from './createSubscription.ts'
import { bearerOf, getLiveSubscription } from './items.ts'
import { limitQuantityUpdates } from './limitQuantityUpdates.ts'
import type { UpdateParams } from './params.ts'
import { simpleFields } from './simpleFields.ts'

const PENDING_SECONDS = 23 * HOUR
const WHILE_INCOMPLETE = ['metadata', 'default_payment_method', 'description', 'payment_settings']

/** As `POST /v1/subscriptions/:id` does: all that is asked for, or nothing. */
export function updateSubscription(world: World, id: string, params: UpdateParams): Subscription {
  const before = getLiveSubscription(world, id)
  const held = holdEvents(world)
  const applied = reckonUpdate(held.world, before, params)
  limitQuantityUpdates(world, before, applied.subscription)
  announceTrialEnd(held.world, {
    ...applied.subscription,
    ...(params.trial_end === 'now' && { status: before.status }),
  })
  if (applied.invoice) payUpdate(held.world, before, applied, params.payment_behavior)
  const after = world.store.get('subscription', id) ?? applied.subscription
  const previous = previousAttributes(before, after)
  const told = held.events.filter(({ type }) => type !== 'customer.subscription.updated')
  if (Object.keys(previous).length > 0) {
    told.push({
      type: 'customer.subscription.updated',
      kind: 'subscription',
      object: after,
      before: previous,
    })
  }
  releaseEvents(world, told, [
    '*',
    'customer.subscription.updated',
    'invoiceitem.created',
    'invoice_payment.paid',
  ])
  return after
}

/** The subscription after the update, and the draft of what is billed for it at once; nothing is paid yet. */
export function reckonUpdate(world: World, before: Subscription, params: UpdateParams): Applied {
  refuseWhatCannotBe(before, params)
  checkTimes(before, params, world.now(customerOf(before)))
  const prepared = world.store.put('subscription', prepare(world, before, params))
  const change = changeOf(params, prepared)
  return settleCancelAt(world, applyChange(world, prepared, change), before, change)
}

function refuseWhatCannotBe({ status, schedule }: Subscription, params: UpdateParams): void {
  const names = Object.keys(params)
  if (status === 'incomplete' && names.some((name) => !WHILE_INCOMPLETE.includes(name))) {
    throw new StripeRefusal(
      'This subscription cannot be updated in its current status: until its first payment succeeds, only its metadata and default payment method can be changed.',
    )
  }
  if (schedule !== null && names.some((name) => ['cancel_at', 'cancel_at_period_end'].includes(name))) {
    throw new StripeRefusal(
      `The subscription is managed by the subscription schedule \`${idOf(schedule)}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`,
    )
  }
  if (params.cancel_at !== undefined && params.cancel_at !== '' && params.cancel_at_period_end) {
    throw new StripeRefusal('You may only specify one of these parameters: cancel_at, cancel_at_period_end.')
  }
}

function checkTimes({ trial_end: held }: Subscription, params: UpdateParams, now: number): void {
  const { trial_end: trialEnd, pause_collection: pause } = params
  if (typeof trialEnd === 'number' && trialEnd !== held) checkTrialEnd(trialEnd, now, 'trial_end')
  if (pause) checkFuture(pause.resumes_at, now, 'pause_collection[resumes_at]')
}

/** The subscription with everything that costs nothing. */
function prepare(world: World, before: Subscription, params: UpdateParams): Subscription {
  const { default_payment_method: method, discounts, metadata, pause_collection: pause } = params
  const customer = customerOf(before)
  const made = discounts === undefined ? null : makeDiscounts(world, discounts, bearerOf(before))
  return {
    ...before,
    ...simpleFields(before, params),
    ...(metadata !== undefined && { metadata: mergeMetadata(before.metadata, metadata) }),
    ...(method && {
      default_payment_method: getMethod(world, method, customer, 'default_payment_method').id,
    }),
    ...(made && { discounts: made.map(({ id }) => id) }),
    ...(pause !== undefined && {
      pause_collection:
        pause === '' ? null : { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null },
    }),
    ...cancelFieldsOf(before, params, world.now(customer)),
  }
}

function changeOf(params: UpdateParams, { trial_end: held }: Subscription): Change {
  const { items, proration_date, proration_behavior, billing_cycle_anchor, trial_end } = params
  return {
    ...(items && { items }),
    ...(proration_date !== undefined && { prorationDate: proration_date }),
    behavior: proration_behavior ?? 'create_prorations',
    resetsAnchor: billing_cycle_anchor?.type === 'now',
    ...(trial_end !== undefined && trial_end !== held && { trialEnd: trial_end }),
  }
}

/** https://docs.stripe.com/api/subscriptions/update#update_subscription-payment_behavior */
function payUpdate(
  world: World,
  before: Subscription,
  { invoice: draft }: Applied,
  behaviour: UpdateParams['payment_behavior'] = 'allow_incomplete',
): void {
  if (!draft) return
  const invoice = finalizeInvoice(world, draft)
  if (invoice.status !== 'open' || invoice.collection_method === 'send_invoice') return
  const after = world.store.get('subscription', before.id)
  if (behaviour === 'pending_if_incomplete' && after)
    world.store.put('subscription', pend(world, before, after, invoice))
  if (behaviour === 'default_incomplete') {
    if (after?.status === 'active') world.store.put('subscription', { ...after, status: 'past_due' })
    return
  }
  const payment: PaymentOutcome = collectInvoice(world, invoice)
  if (behaviour !== 'error_if_incomplete' || payment.outcome === 'paid') return
  throw payment.outcome === 'declined' ? payment.refusal : actionRequired()
}

/** What it was, with the change waiting for the payment. */
function pend(world: World, before: Subscription, after: Subscription, invoice: Invoice): Subscription {
  const now = world.now(customerOf(before))
  return {
    ...before,
    latest_invoice: invoice.id,
    pending_update: {
      billing_cycle_anchor:
        after.billing_cycle_anchor === before.billing_cycle_anchor ? null : after.billing_cycle_anchor,
      cancel_at_period_end: null,
      discount: null,
      discounts: null,
      expires_at: now + PENDING_SECONDS,
      metadata: null,
      subscription_items: after.items.data,
      trial_end: after.trial_end === before.trial_end ? null : after.trial_end,
      trial_from_plan: null,
    },
  }
}
