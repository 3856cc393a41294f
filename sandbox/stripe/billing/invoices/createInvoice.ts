import type { Static } from 'typebox'
import { mergeMetadata } from '../../engine/metadata.ts'
import { StripeRefusal } from '../../refusal.ts'
import { getCustomer } from '../../resources/getCustomer.ts'
import { newId, type World } from '../../world.ts'
import { DAY, HOUR } from '../calendar.ts'
import { getMethod } from '../customers.ts'
import { makeDiscounts } from '../discounts/makeDiscounts.ts'
import { customerOf, type Invoice, type InvoiceItem } from '../shapes.ts'
import { getLiveSubscription } from '../subscriptions/items.ts'
import { composeInvoice, subscriptionOf } from './composeInvoice.ts'
import { draftInvoice, pendingItems } from './draftInvoice.ts'
import { fullAmount, invoiceItemLine, pricingOf } from './lines.ts'
import type { createParams, itemCreateParams } from './params.ts'

/** Drafts an invoice by hand; it waits to be finalized, for ever unless `auto_advance` says otherwise. */
export function createInvoice(world: World, params: Static<typeof createParams>): Invoice {
  const customer = getCustomer(world, params.customer, 'customer')
  const subscription =
    params.subscription === undefined ? null : getLiveSubscription(world, params.subscription, 'subscription')
  if (subscription && customerOf(subscription) !== customer.id) {
    throw new StripeRefusal(
      `The customer ${customer.id} does not have the subscription ${subscription.id}.`,
      {
        param: 'subscription',
      },
    )
  }
  const includes = params.pending_invoice_items_behavior === 'include' || subscription !== null
  const items = includes ? pendingItems(world, customer.id, subscription?.id ?? null) : []
  const now = world.now(customer.id)
  const currency = params.currency ?? items[0]?.currency ?? customer.currency ?? 'usd'
  const {
    auto_advance = false,
    collection_method = 'charge_automatically',
    default_payment_method: method,
  } = params
  const dueDate =
    params.due_date ?? (params.days_until_due === undefined ? null : now + params.days_until_due * DAY)
  if (collection_method === 'send_invoice' && dueDate === null) {
    throw new StripeRefusal(
      'You must set `days_until_due` or `due_date` when `collection_method` is `send_invoice`.',
      { param: 'days_until_due' },
    )
  }
  const waits = auto_advance ? now + HOUR : null
  return draftInvoice(world, {
    customer,
    subscription,
    reason: 'manual',
    lines: items.map(invoiceItemLine),
    discounts: makeDiscounts(world, params.discounts, { customer: customer.id, currency }),
    currency,
    fields: {
      auto_advance,
      automatically_finalizes_at: waits,
      collection_method,
      description: params.description ?? null,
      due_date: dueDate,
      footer: params.footer ?? null,
      metadata: mergeMetadata({}, params.metadata),
      next_payment_attempt: collection_method === 'charge_automatically' ? waits : null,
      ...(method && {
        default_payment_method: getMethod(world, method, customer.id, 'default_payment_method').id,
      }),
    },
  })
}

/** Makes an invoice item by hand: on a draft, or on the invoice that comes next. */
export function createInvoiceItem(world: World, params: Static<typeof itemCreateParams>): InvoiceItem {
  const customer = getCustomer(world, params.customer, 'customer')
  const now = world.now(customer.id)
  const draft = params.invoice === undefined ? null : getDraft(world, params.invoice)
  const { amount, currency, pricing } = priced(world, params)
  const { quantity = 1, subscription } = params
  const made = world.store.put('invoiceitem', {
    id: newId('ii'),
    object: 'invoiceitem',
    amount,
    currency,
    customer: customer.id,
    customer_account: null,
    date: now,
    description: params.description ?? null,
    discountable: params.discountable ?? amount > 0,
    discounts: [],
    invoice: draft?.id ?? null,
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    net_amount: amount,
    parent:
      subscription === undefined
        ? null
        : {
            type: 'subscription_details',
            subscription_details: {
              subscription: getLiveSubscription(world, subscription, 'subscription').id,
            },
          },
    period: params.period ?? { start: now, end: now },
    pricing,
    proration: false,
    quantity,
    quantity_decimal: String(quantity),
    tax_rates: [],
    test_clock: customer.test_clock ?? null,
  })
  world.emit('invoiceitem.created', 'invoiceitem', made)
  if (draft) addLine(world, draft, made)
  return made
}

function priced({ store }: World, params: Static<typeof itemCreateParams>) {
  const { amount, currency = 'usd', quantity = 1, unit_amount_decimal: unit } = params
  const price = params.pricing?.price === undefined ? undefined : store.get('price', params.pricing.price)
  if (price)
    return { amount: fullAmount(price, quantity), currency: price.currency, pricing: pricingOf(price) }
  if (amount === undefined && unit === undefined) {
    throw new StripeRefusal('Missing required param: amount.', { code: 'parameter_missing', param: 'amount' })
  }
  return { amount: amount ?? Math.round(Number(unit) * quantity), currency, pricing: null }
}

function getDraft({ store }: World, id: string): Invoice {
  const invoice = store.get('invoice', id)
  if (invoice?.status === 'draft') return invoice
  throw new StripeRefusal(`You can only add items to draft invoices. ${id} is none.`, {
    code: 'invoice_not_editable',
    param: 'invoice',
  })
}

/** The draft is reckoned anew, under the same id. */
function addLine(world: World, draft: Invoice, item: InvoiceItem): void {
  const lines = draft.lines.data.map(({ id: _id, invoice: _invoice, ...line }) => line)
  const composed = composeInvoice(world, {
    customer: getCustomer(world, item.customer as string),
    subscription: world.store.get('subscription', subscriptionOf(draft) ?? '') ?? null,
    reason: draft.billing_reason ?? 'manual',
    lines: [...lines, invoiceItemLine(item)],
    discounts: draft.discounts.flatMap((id) => world.store.get('discount', id as string) ?? []),
    currency: item.currency,
  })
  const { amount_due, amount_remaining, subtotal, subtotal_excluding_tax, total, total_excluding_tax } =
    composed
  const { total_discount_amounts, total_pretax_credit_amounts, currency } = composed
  world.store.put('invoice', {
    ...draft,
    amount_due,
    amount_remaining,
    currency,
    lines: {
      ...draft.lines,
      data: composed.lines.data.map((line) => ({ ...line, invoice: draft.id })),
    },
    subtotal,
    subtotal_excluding_tax,
    total,
    total_discount_amounts,
    total_excluding_tax,
    total_pretax_credit_amounts,
  })
}
