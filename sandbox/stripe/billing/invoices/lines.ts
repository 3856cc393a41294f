import { unitPrice } from '../../pages/words.ts'
import type { World } from '../../world.ts'
import { newId } from '../../world.ts'
import type { Period } from '../calendar.ts'
import type { DiscountAmount } from '../discounts/applyDiscounts.ts'
import {
  type InvoiceItem,
  type InvoiceLine,
  idOf,
  type Price,
  productOf,
  type Subscription,
  type SubscriptionItem,
} from '../shapes.ts'

/** A line of an invoice before discounts are taken off. */
export type LineDraft = Omit<
  InvoiceLine,
  | 'id'
  | 'object'
  | 'invoice'
  | 'livemode'
  | 'discount_amounts'
  | 'subtotal'
  | 'taxes'
  | 'pretax_credit_amounts'
>

/** What a quantity of a price costs for a whole period. */
export function fullAmount({ unit_amount, unit_amount_decimal }: Price, quantity: number): number {
  return unit_amount === null
    ? Math.round(Number(unit_amount_decimal ?? 0) * quantity)
    : unit_amount * quantity
}

/** The line by which a subscription's item is billed for a period. */
export function itemLine(
  world: World,
  { id, metadata }: Pick<Subscription, 'id' | 'metadata'>,
  item: SubscriptionItem,
  { period, amount, isTrial = false }: { period: Period; amount: number; isTrial?: boolean },
): LineDraft {
  const quantity = item.quantity ?? 1
  const what = `${quantity} × ${productName(world, item.price)}`
  return {
    amount,
    currency: item.price.currency,
    description: isTrial ? `Free trial for ${what}` : `${what} (at ${rate(item.price)})`,
    discountable: true,
    discounts: [],
    metadata,
    parent: {
      type: 'subscription_item_details',
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: { credited_items: null },
        subscription: id,
        subscription_item: item.id,
      },
    },
    period,
    pricing: pricingOf(item.price, isTrial ? '0' : undefined),
    quantity,
    quantity_decimal: String(quantity),
    subscription: id,
  }
}

/** The line by which an invoice item is billed: a proration, or whatever was added by hand. */
export function invoiceItemLine(item: InvoiceItem): LineDraft {
  const details = item.parent?.subscription_details
  const { proration, subscription } = {
    proration: item.proration,
    subscription: details?.subscription ?? null,
  }
  const credited = item.proration_details?.credited_items?.invoice_line_item_details ?? null
  const common = { proration, proration_details: { credited_items: credited }, subscription }
  return {
    amount: item.amount,
    currency: item.currency,
    description: item.description,
    discountable: item.discountable,
    discounts: item.discounts ?? [],
    metadata: item.metadata ?? {},
    parent: details?.subscription_item
      ? {
          type: 'subscription_item_details',
          invoice_item_details: null,
          subscription_item_details: {
            ...common,
            invoice_item: item.id,
            subscription_item: details.subscription_item,
          },
        }
      : {
          type: 'invoice_item_details',
          invoice_item_details: { ...common, invoice_item: item.id },
          subscription_item_details: null,
        },
    period: item.period,
    pricing: item.pricing,
    quantity: item.quantity,
    quantity_decimal: item.quantity_decimal,
    subscription,
  }
}

/** The line as the invoice carries it. */
export function finishLine(draft: LineDraft, invoice: string, discounts: DiscountAmount[]): InvoiceLine {
  return {
    ...draft,
    id: newId('il'),
    object: 'line_item',
    discount_amounts: discounts,
    invoice,
    livemode: false,
    pretax_credit_amounts: discounts.map(({ amount, discount }) => ({ type: 'discount', amount, discount })),
    subtotal: draft.amount,
    taxes: [],
  }
}

/** What is said of the price on a line. */
export function pricingOf(price: Price, unitAmount?: string): NonNullable<InvoiceLine['pricing']> {
  return {
    type: 'price_details',
    price_details: { price: price.id, product: productOf(price) },
    unit_amount_decimal: unitAmount ?? price.unit_amount_decimal,
  }
}

/** The name of the product that a price is for. */
export function productName({ store }: World, price: Price): string {
  return store.get('product', idOf(price.product) ?? '')?.name ?? 'Product'
}

function rate(price: Price): string {
  const shown = unitPrice(price)
  if (!price.recurring) return shown
  const { interval, interval_count: count } = price.recurring
  return `${shown} / ${count === 1 ? interval : `every ${count} ${interval}s`}`
}
