import type { World } from '../../world.ts'
import type { Period } from '../calendar.ts'
import { subscriptionOf } from '../invoices/composeInvoice.ts'
import { customerOf, type InvoiceItem, type InvoiceLine, type Subscription } from '../shapes.ts'

type CreditedItems = NonNullable<NonNullable<InvoiceItem['proration_details']>['credited_items']>

/** What was debited for a stretch of time of an item, and how much of that time no credit has given back. */
export interface Debit {
  /** After discounts. */
  amount: number
  period: Period
  /** Until when it still counts; later time was credited. */
  until: number
  reference: CreditedItems
}

/**
 * The debits of an item that reach beyond an instant: credits are reckoned from what was originally debited.
 * https://docs.stripe.com/billing/subscriptions/prorations#credit-prorations
 */
export function liveDebits(world: World, subscription: Subscription, item: string, at: number): Debit[] {
  const customer = customerOf(subscription)
  const ofItem = world.store
    .listOf('invoiceitem', customer)
    .filter(({ parent }) => parent?.subscription_details?.subscription_item === item)
  const pending = ofItem.filter(({ invoice }) => invoice === null)
  const debits = [...invoicedDebits(world, subscription, item), ...pending.map(pendingDebit)]
  const credits = ofItem.filter(({ amount }) => amount < 0)
  return debits
    .map((debit) => ({ ...debit, until: Math.min(debit.period.end, ...creditedFrom(credits, debit)) }))
    .filter(({ amount, until }) => amount > 0 && until > at)
}

function invoicedDebits(
  { store }: World,
  subscription: Subscription,
  item: string,
): (Debit & { also?: string })[] {
  const invoices = store.listOf('invoice', customerOf(subscription))
  const counting = invoices.filter((one) => one.status !== 'void' && subscriptionOf(one) === subscription.id)
  return counting.flatMap(({ id, lines }) =>
    lines.data
      .filter((line) => line.parent?.subscription_item_details?.subscription_item === item)
      .map((line) => invoicedDebit(id, line)),
  )
}

function invoicedDebit(invoice: string, line: InvoiceLine): Debit & { also?: string } {
  const also = line.parent?.subscription_item_details?.invoice_item
  return {
    amount: line.amount - (line.discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0),
    period: line.period,
    until: line.period.end,
    reference: {
      type: 'invoice_line_items',
      invoice_line_item_details: { invoice, invoice_line_items: [line.id] },
    },
    // It may have been credited while it was pending.
    ...(also && { also }),
  }
}

function pendingDebit({ id, amount, period }: InvoiceItem): Debit & { also?: string } {
  return { amount, period, until: period.end, reference: { type: 'invoice_item', invoice_item: id } }
}

function creditedFrom(credits: InvoiceItem[], { reference, also }: Debit & { also?: string }): number[] {
  const names = [...namesOf(reference), ...(also ? [also] : [])]
  const mine = credits.filter(({ proration_details }) => {
    const credited = proration_details?.credited_items
    return credited && namesOf(credited).some((name) => names.includes(name))
  })
  return mine.map(({ period }) => period.start)
}

function namesOf({ invoice_item, invoice_line_item_details }: CreditedItems): string[] {
  return [...(invoice_item ? [invoice_item] : []), ...(invoice_line_item_details?.invoice_line_items ?? [])]
}
