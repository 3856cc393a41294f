import type { World } from '../../world.ts'
import { type Coupon, type Discount, idOf, type Subscription } from '../shapes.ts'

/** What a discount takes off one amount. */
export interface DiscountAmount {
  discount: string
  amount: number
}

/** An amount that discounts may lower, and the product it is for. */
export interface Discountable {
  amount: number
  product: string | null
  discountable: boolean
}

/** The discounts of a subscription that count at an instant. */
export function discountsInForce(
  { store }: World,
  holder: Pick<Subscription, 'discounts'>,
  at: number,
): Discount[] {
  const known = holder.discounts.flatMap((one) => store.get('discount', idOf(one) ?? '') ?? [])
  return known.filter(({ end }) => end === null || end > at)
}

/**
 * What each discount takes off each amount, in cents. A percentage is taken off each amount; a fixed amount is
 * taken once, spread over all of them. Discounts count one after the other, down to zero.
 */
export function applyDiscounts(
  world: World,
  amounts: Discountable[],
  discounts: Discount[],
): DiscountAmount[][] {
  const left = amounts.map(({ amount, discountable }) => (discountable ? Math.max(0, amount) : 0))
  const taken: DiscountAmount[][] = amounts.map(() => [])
  for (const discount of discounts) {
    const coupon = couponOf(world, discount)
    if (!coupon) continue
    const products = coupon.applies_to?.products
    const eligible = amounts.map(({ product }, place) =>
      !products || products.includes(product ?? '') ? (left[place] ?? 0) : 0,
    )
    takeOff(coupon, eligible).forEach((amount, place) => {
      if (amount === 0) return
      left[place] = (left[place] ?? 0) - amount
      taken[place]?.push({ discount: discount.id, amount })
    })
  }
  return taken
}

function takeOff({ percent_off, amount_off }: Coupon, eligible: number[]): number[] {
  if (percent_off !== null) return eligible.map((amount) => Math.round((amount * percent_off) / 100))
  const total = eligible.reduce((sum, amount) => sum + amount, 0)
  let rest = Math.min(amount_off ?? 0, total)
  let unseen = total
  // Each takes its share of what is left, so that the shares add up to the cent.
  return eligible.map((amount) => {
    const share = unseen === 0 ? 0 : Math.round((rest * amount) / unseen)
    unseen -= amount
    rest -= share
    return share
  })
}

/** The coupon behind a discount, which outlives it: https://docs.stripe.com/api/coupons/delete */
export function couponOf({ store }: World, { source, start }: Discount): Coupon | null {
  const id = idOf(source.coupon) ?? ''
  const [coupon, deleted] = [store.get('coupon', id), store.get('deleted_coupon', id)]
  // One of the same name may have been made since.
  const isOther = coupon && deleted && coupon.created > start
  return (isOther ? deleted : (coupon ?? deleted)) ?? null
}
