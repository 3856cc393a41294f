import type { World } from '../../world.ts'
import { applyDiscounts } from '../discounts/applyDiscounts.ts'
import { type DiscountParam, findCoupon } from '../discounts/makeDiscounts.ts'
import { fullAmount } from '../invoices/lines.ts'
import { type Discount, type Price, productOf } from '../shapes.ts'

export interface SessionLine {
  price: Price
  quantity: number
}

/** What a session costs today, line by line; a trial costs nothing yet. */
export interface Reckoned {
  lines: { subtotal: number; discount: number }[]
  subtotal: number
  discount: number
  total: number
}

/** Reckons what the buyer pays when the session is completed. */
export function reckonSession(
  world: World,
  lines: SessionLine[],
  { isTrial, discounts, customer }: { isTrial: boolean; discounts: DiscountParam[]; customer: string | null },
): Reckoned {
  const amounts = lines.map(({ price, quantity }) => ({
    amount: isTrial ? 0 : fullAmount(price, quantity),
    product: productOf(price),
    discountable: true,
  }))
  const stand = discounts.map((one, place) => standIn(world, one, customer, place))
  const taken = applyDiscounts(world, amounts, stand).map((list) => sum(list.map(({ amount }) => amount)))
  const subtotal = sum(amounts.map(({ amount }) => amount))
  const discount = sum(taken)
  return {
    lines: amounts.map(({ amount }, place) => ({ subtotal: amount, discount: taken[place] ?? 0 })),
    subtotal,
    discount,
    total: subtotal - discount,
  }
}

/** The discount that it will be; it is redeemed only when the session is completed. */
function standIn(world: World, given: DiscountParam, customer: string | null, place: number): Discount {
  const { coupon, promotionCode } = findCoupon(world, given, customer, `discounts[${place}]`)
  return {
    id: `di_${place}`,
    object: 'discount',
    checkout_session: null,
    customer,
    customer_account: null,
    end: null,
    invoice: null,
    invoice_item: null,
    promotion_code: promotionCode,
    source: { type: 'coupon', coupon: coupon.id },
    start: world.now(customer),
    subscription: null,
    subscription_item: null,
  }
}

const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0)
