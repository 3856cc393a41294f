import type { World } from '../../world.ts'
import { applyDiscounts } from '../discounts/applyDiscounts.ts'
import { agreedCoupon, type CouponParam } from '../discounts/findCoupon.ts'
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

/** Reckons what the buyer pays when the session is completed, if the discounts can still be redeemed then. */
export function reckonSession(
  world: World,
  lines: SessionLine[],
  { isTrial, discounts }: { isTrial: boolean; discounts: CouponParam[] },
): Reckoned {
  const amounts = lines.map(({ price, quantity }) => ({
    amount: isTrial ? 0 : fullAmount(price, quantity),
    product: productOf(price),
    discountable: true,
  }))
  const stand = discounts.flatMap((one, place) => standIn(world, one, place) ?? [])
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
function standIn(world: World, given: CouponParam, place: number): Discount | null {
  const agreed = agreedCoupon(world, given)
  if (!agreed) return null
  return {
    id: `di_${place}`,
    object: 'discount',
    checkout_session: null,
    customer: null,
    customer_account: null,
    end: null,
    invoice: null,
    invoice_item: null,
    promotion_code: agreed.promotionCode,
    source: { type: 'coupon', coupon: agreed.coupon.id },
    start: world.now(),
    subscription: null,
    subscription_item: null,
  }
}

const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0)
