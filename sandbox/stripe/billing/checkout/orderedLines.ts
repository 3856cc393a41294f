import type { World } from '../../world.ts'
import type { Purchase } from '../discounts/findCoupon.ts'
import { fullAmount } from '../invoices/lines.ts'
import type { BillingRecords } from '../records.ts'
import type { Price } from '../shapes.ts'

type Order = BillingRecords['checkout_order']

export interface OrderedLine {
  id: string
  price: Price
  quantity: number
}

/** The lines of an order, with their prices. */
export function orderedLines({ store }: World, { lines }: Pick<Order, 'lines'>): OrderedLine[] {
  return lines.flatMap(({ id, price: priceId, quantity }) => {
    const price = store.get('price', priceId)
    return price ? [{ id, price, quantity }] : []
  })
}

/** Whether it begins with a trial, so that nothing is paid at first. */
export function beginsWithTrial({ trial_end, trial_period_days }: Order['data']): boolean {
  return trial_end !== undefined || trial_period_days !== undefined
}

/** The lines as what a coupon is to lower. */
export function purchaseOf(
  lines: Pick<OrderedLine, 'price' | 'quantity'>[],
  customer: string | null,
): Purchase {
  return {
    customer,
    currency: lines[0]?.price.currency ?? 'usd',
    amount: lines.reduce((sum, { price, quantity }) => sum + fullAmount(price, quantity), 0),
  }
}
