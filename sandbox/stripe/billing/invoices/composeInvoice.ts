import { newId, type World } from '../../world.ts'
import type { Period } from '../calendar.ts'
import { applyDiscounts } from '../discounts/applyDiscounts.ts'
import { type Customer, type Discount, type Invoice, idOf, type Subscription } from '../shapes.ts'
import { blankInvoice } from './blankInvoice.ts'
import { finishLine, type LineDraft } from './lines.ts'

/** What an invoice is made of. */
export interface InvoiceOrder {
  customer: Customer
  subscription: Subscription | null
  reason: NonNullable<Invoice['billing_reason']>
  lines: LineDraft[]
  discounts: Discount[]
  currency: string
  /** The period in which invoice items were collected; the instant of the invoice where it is left out. */
  period?: Period
  prorationDate?: number
  /** Further fields that differ from what the rest gives. */
  fields?: Partial<Invoice>
}

/** The draft of an invoice, reckoned to the cent and kept nowhere. */
export function composeInvoice(world: World, order: InvoiceOrder): Invoice {
  const { customer, subscription, reason, lines: drafts, discounts, currency } = order
  const now = world.now(customer.id)
  const id = newId('in')
  const taken = applyDiscounts(world, drafts.map(discountable), discounts)
  const lines = drafts.map((draft, place) => finishLine(draft, id, taken[place] ?? []))
  const subtotal = sum(lines.map(({ amount }) => amount))
  const discounted = discounts.map(({ id: discount }) => ({
    discount,
    amount: sum(taken.flat().flatMap((one) => (one.discount === discount ? [one.amount] : []))),
  }))
  const total = subtotal - sum(discounted.map(({ amount }) => amount))
  const due = Math.max(0, total + customer.balance)
  return {
    ...blankInvoice(id, customer, now),
    amount_due: due,
    amount_remaining: due,
    billing_reason: reason,
    collection_method: subscription?.collection_method ?? 'charge_automatically',
    currency,
    // Its own where it has one; else the customer's default counts at the time of payment.
    default_payment_method: null,
    discounts: discounts.map((discount) => discount.id),
    lines: {
      object: 'list',
      data: lines,
      has_more: false,
      url: `/v1/invoices/${id}/lines`,
    },
    parent: subscription && parentOf(subscription, order.prorationDate),
    period_end: order.period?.end ?? now,
    period_start: order.period?.start ?? now,
    starting_balance: customer.balance,
    subtotal,
    subtotal_excluding_tax: subtotal,
    total,
    total_discount_amounts: discounted,
    total_excluding_tax: total,
    total_pretax_credit_amounts: discounted.map((one) => ({ type: 'discount', ...one })),
    ...order.fields,
  }
}

function parentOf({ id, metadata }: Subscription, prorationDate?: number): Invoice['parent'] {
  const details = { metadata, subscription: id }
  return {
    type: 'subscription_details',
    quote_details: null,
    subscription_details:
      prorationDate === undefined ? details : { ...details, subscription_proration_date: prorationDate },
  }
}

/** The subscription that an invoice is of, or null. */
export function subscriptionOf({ parent }: Invoice): string | null {
  return idOf(parent?.subscription_details?.subscription)
}

const discountable = ({ amount, discountable, pricing }: LineDraft) => ({
  amount,
  discountable,
  product: pricing?.price_details?.product ?? null,
})

const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0)
