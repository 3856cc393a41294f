import { StripeRefusal } from '../../refusal.ts'
import { getCustomer } from '../../resources/getCustomer.ts'
import type { World } from '../../world.ts'
import { makeDiscounts } from '../discounts/makeDiscounts.ts'
import { composeInvoice } from '../invoices/composeInvoice.ts'
import { pendingItems } from '../invoices/draftInvoice.ts'
import { invoiceItemLine } from '../invoices/lines.ts'
import { creditUnused } from '../prorations/prorate.ts'
import { getSchedule } from '../schedules/changeSchedule.ts'
import { endPhase } from '../schedules/enterPhase.ts'
import { customerOf, type Invoice, idOf, type Subscription } from '../shapes.ts'
import { startSubscription } from '../subscriptions/createSubscription.ts'
import { orderFor } from '../subscriptions/invoiceSubscription.ts'
import { getLiveSubscription } from '../subscriptions/items.ts'
import { renewalDue, renewSubscription } from '../subscriptions/renewSubscription.ts'
import { reckonUpdate } from '../subscriptions/updateSubscription.ts'
import { dryAt, dryWorld } from './dryWorld.ts'
import type { PreviewDetails, PreviewParams } from './params.ts'

/**
 * The invoice that would come next, after the changes that are asked about. It is made by the very code that makes
 * changes, in a world of its own; so it is what the change will cost, to the cent.
 */
export function previewInvoice(world: World, params: PreviewParams): Invoice {
  const schedule = params.schedule === undefined ? null : getSchedule(world, params.schedule, 'schedule')
  const id = params.subscription ?? idOf(schedule?.subscription)
  const subscription = id === null ? null : getLiveSubscription(world, id, 'subscription')
  const customer = subscription ? customerOf(subscription) : params.customer
  if (customer === undefined) {
    throw new StripeRefusal('You must provide at least one of `customer`, `subscription` or `schedule`.', {
      code: 'parameter_missing',
    })
  }
  if (params.customer !== undefined && params.customer !== customer) {
    throw new StripeRefusal(`Customer ${params.customer} does not have the subscription ${id}.`, {
      param: 'customer',
    })
  }
  getCustomer(world, customer, 'customer')
  const dry = dryWorld(world, customer)
  const invoice = dry.store.change(() =>
    subscription ? ofSubscription(dry, subscription.id, params) : ofCustomer(dry, customer, params),
  )
  return asPreview(invoice)
}

function ofSubscription(world: World, id: string, params: PreviewParams): Invoice {
  const { discounts, subscription_details: details = {} } = params
  const held = getLiveSubscription(world, id)
  if (discounts !== undefined) {
    const bearer = { customer: customerOf(held), currency: held.currency, subscription: id }
    const made = makeDiscounts(world, discounts, bearer)
    world.store.put('subscription', { ...held, discounts: made.map((discount) => discount.id) })
  }
  if (params.preview_mode === 'recurring') {
    reckonUpdate(world, getLiveSubscription(world, id), { ...asUpdate(details), proration_behavior: 'none' })
    dropPending(world, customerOf(held), id)
    return nextInvoice(world, getLiveSubscription(world, id))
  }
  if (details.cancel_now) return ofCancellation(world, getLiveSubscription(world, id), details)
  const { invoice } = reckonUpdate(world, getLiveSubscription(world, id), asUpdate(details))
  return invoice ?? nextInvoice(world, getLiveSubscription(world, id))
}

function asUpdate(details: PreviewDetails) {
  const { items, proration_behavior, proration_date, trial_end, cancel_at, cancel_at_period_end } = details
  const { billing_cycle_anchor: anchor } = details
  const type = typeof anchor === 'object' ? anchor.type : anchor
  if (type === 'timestamp') {
    throw new StripeRefusal('The sandbox cannot preview a billing cycle that begins at another time.', {
      param: 'subscription_details[billing_cycle_anchor]',
    })
  }
  return {
    ...(items && { items }),
    ...(proration_behavior && { proration_behavior }),
    ...(proration_date !== undefined && { proration_date }),
    ...(trial_end !== undefined && { trial_end }),
    ...(cancel_at !== undefined && { cancel_at }),
    ...(cancel_at_period_end !== undefined && { cancel_at_period_end }),
    ...(type && { billing_cycle_anchor: { type } }),
  }
}

/** The renewal, as it will be when the period ends, with a phase of the schedule that begins then. */
function nextInvoice(world: World, subscription: Subscription): Invoice {
  const due = subscription.status === 'trialing' ? (subscription.trial_end ?? 0) : renewalDue(subscription)
  const then = dryAt(world, due)
  const isOver = subscription.cancel_at !== null && subscription.cancel_at <= due
  if (isOver || subscription.status === 'paused')
    return ofPending(world, customerOf(subscription), subscription)
  const schedule = world.store.get('subscription_schedule', idOf(subscription.schedule) ?? '')
  if (schedule?.current_phase && schedule.current_phase.end_date <= due) endPhase(then, schedule)
  const current = world.store.get('subscription', subscription.id) ?? subscription
  if (current.status === 'canceled') return refuseNone(customerOf(subscription))
  const renewed = renewSubscription(then, current, current.status === 'trialing' ? { status: 'active' } : {})
  return (
    world.store.get('invoice', idOf(renewed.latest_invoice) ?? '') ?? refuseNone(customerOf(subscription))
  )
}

function ofCancellation(world: World, subscription: Subscription, details: PreviewDetails): Invoice {
  const customer = customerOf(subscription)
  const { proration_behavior = 'create_prorations', proration_date = world.now(customer) } = details
  if (proration_behavior !== 'none' && subscription.status !== 'trialing') {
    for (const item of subscription.items.data) creditUnused(world, subscription, item, proration_date)
  }
  return ofPending(world, customer, subscription)
}

function ofPending(world: World, customer: string, subscription: Subscription | null): Invoice {
  const pending = pendingItems(world, customer, subscription?.id ?? null)
  if (pending.length === 0) return refuseNone(customer)
  if (subscription)
    return composeInvoice(world, orderFor(world, subscription, { reason: 'upcoming', lines: [] }))
  return composeInvoice(world, {
    customer: getCustomer(world, customer),
    subscription: null,
    reason: 'upcoming',
    lines: pending.map(invoiceItemLine),
    discounts: [],
    currency: pending[0]?.currency ?? 'usd',
  })
}

/** Only what comes with every period is asked for. */
function dropPending(world: World, customer: string, subscription: string | null): void {
  for (const { id } of pendingItems(world, customer, subscription)) world.store.remove('invoiceitem', id)
}

function ofCustomer(
  world: World,
  customer: string,
  { discounts, preview_mode: mode, subscription_details: details }: PreviewParams,
): Invoice {
  if (mode === 'recurring') dropPending(world, customer, null)
  if (!details?.items) {
    const [only] = world.store.listOf('subscription', customer).filter(({ status }) => status === 'active')
    return only ? nextInvoice(world, only) : ofPending(world, customer, null)
  }
  const { invoice } = startSubscription(world, {
    customer,
    items: details.items.map(({ price, quantity }) => ({
      ...(price !== undefined && { price }),
      ...(quantity !== undefined && { quantity }),
    })),
    payment_behavior: 'default_incomplete',
    ...(discounts && { discounts }),
    ...(details.trial_end !== undefined && mode !== 'recurring' && { trial_end: details.trial_end }),
  })
  return invoice ?? refuseNone(customer)
}

/** https://docs.stripe.com/error-codes#invoice-upcoming-none */
function refuseNone(customer: string): never {
  throw new StripeRefusal(`No upcoming invoices for customer: ${customer}`, {
    status: 404,
    code: 'invoice_upcoming_none',
  })
}

function asPreview(invoice: Invoice): Invoice {
  const id = `upcoming_${invoice.id}`
  return {
    ...invoice,
    id,
    attempted: false,
    auto_advance: false,
    billing_reason: 'upcoming',
    hosted_invoice_url: null,
    invoice_pdf: null,
    lines: {
      ...invoice.lines,
      data: invoice.lines.data.map((line) => ({ ...line, invoice: id })),
      url: `/v1/invoices/${id}/lines`,
    },
    number: null,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
  }
}
