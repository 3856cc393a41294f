import { newId, type World } from '../../world.ts'
import { type Period, periodAround } from '../calendar.ts'
import { applyDiscounts, discountsInForce } from '../discounts/applyDiscounts.ts'
import { fullAmount, pricingOf, productName } from '../invoices/lines.ts'
import {
  customerOf,
  type InvoiceItem,
  productOf,
  type Subscription,
  type SubscriptionItem,
} from '../shapes.ts'
import { recurrenceOf } from '../subscriptions/items.ts'
import { liveDebits } from './liveDebits.ts'

/** Gives back what was debited for the item after an instant: one invoice item for each original debit. */
export function creditUnused(
  world: World,
  subscription: Subscription,
  item: SubscriptionItem,
  at: number,
): InvoiceItem[] {
  return liveDebits(world, subscription, item.id, at).map(({ amount, period, until, reference }) => {
    const from = Math.max(at, period.start)
    const share = (until - from) / (period.end - period.start)
    return keep(world, subscription, item, {
      amount: -Math.round(amount * share),
      description: `Unused time on ${what(world, item)} after ${day(at)}`,
      period: { start: from, end: until },
      proration_details: { credited_items: reference, discount_amounts: [] },
    })
  })
}

/** Debits the item for the rest of its period, from an instant on, at the price it has now. */
export function debitRemaining(
  world: World,
  subscription: Subscription,
  item: SubscriptionItem,
  { start, end }: Period,
): InvoiceItem[] {
  if (end <= start) return []
  const amount = Math.round(
    netAmount(world, subscription, item) * shareOfPeriod(subscription, item, { start, end }),
  )
  return [
    keep(world, subscription, item, {
      amount,
      description: `Remaining time on ${what(world, item)} after ${day(start)}`,
      period: { start, end },
      proration_details: { credited_items: null, discount_amounts: [] },
    }),
  ]
}

/** How much of a whole period of an item this stretch is: 1, unless it begins late or ends early. */
export function shareOfPeriod(
  subscription: Subscription,
  item: SubscriptionItem,
  { start, end }: Period,
): number {
  const whole = periodAround(subscription.billing_cycle_anchor, recurrenceOf(item), start)
  return Math.min(1, (end - start) / (whole.end - whole.start))
}

/** What a whole period of the item costs after discounts: https://docs.stripe.com/billing/subscriptions/prorations#prorations-and-discounts */
function netAmount(world: World, subscription: Subscription, item: SubscriptionItem): number {
  const items = subscription.items.data
  const discounts = discountsInForce(world, subscription, world.now(customerOf(subscription)))
  const amounts = items.map(({ price, quantity = 1 }) => ({
    amount: fullAmount(price, quantity),
    product: productOf(price),
    discountable: true,
  }))
  const place = items.findIndex(({ id }) => id === item.id)
  const taken = applyDiscounts(world, amounts, discounts)[place] ?? []
  return fullAmount(item.price, item.quantity ?? 1) - taken.reduce((sum, { amount }) => sum + amount, 0)
}

type Fields = Pick<InvoiceItem, 'amount' | 'description' | 'period' | 'proration_details'>

function keep(world: World, subscription: Subscription, item: SubscriptionItem, fields: Fields): InvoiceItem {
  const customer = customerOf(subscription)
  const quantity = item.quantity ?? 1
  const kept = world.store.put('invoiceitem', {
    id: newId('ii'),
    object: 'invoiceitem',
    currency: item.price.currency,
    customer,
    customer_account: null,
    date: world.now(customer),
    // Discounts are in the amount already.
    discountable: false,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: {},
    net_amount: fields.amount,
    parent: {
      type: 'subscription_details',
      subscription_details: { subscription: subscription.id, subscription_item: item.id },
    },
    pricing: pricingOf(item.price),
    proration: true,
    quantity,
    quantity_decimal: String(quantity),
    tax_rates: [],
    test_clock: subscription.test_clock,
    ...fields,
  })
  world.emit('invoiceitem.created', 'invoiceitem', kept)
  return kept
}

function what(world: World, { price, quantity = 1 }: SubscriptionItem): string {
  return quantity === 1 ? productName(world, price) : `${quantity} × ${productName(world, price)}`
}

const dates = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})
const day = (at: number) => dates.format(at * 1000)
