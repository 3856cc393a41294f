import { noSuch } from '../../refusal.ts'
import { newId, type World } from '../../world.ts'
import { addIntervals } from '../calendar.ts'
import type { Coupon, Discount } from '../shapes.ts'
import { agreedCoupon, type CouponParam, type FoundCoupon, findCoupon } from './findCoupon.ts'

export interface DiscountParam extends CouponParam {
  /** One that there is already, to be kept. */
  discount?: string
}

/** Who is granted the discount, and for what. */
export interface Bearer {
  customer: string
  /** Of what the discount is to lower. */
  currency: string
  /** What it costs before discounts, where that is known. */
  amount?: number
  subscription?: string
  subscription_item?: string
}

/**
 * Redeems coupons and promotion codes for the bearer, or refuses those that cannot be redeemed; `param` is the
 * name of the list of them.
 */
export function makeDiscounts(
  world: World,
  given: DiscountParam[] | '' | undefined,
  bearer: Bearer,
  param = 'discounts',
): Discount[] {
  return (given || []).map((one, place) => {
    const where = `${param}[${place}]`
    if (one.discount !== undefined) return getDiscount(world, one.discount, where)
    return grant(world, findCoupon(world, one, bearer, where), bearer)
  })
}

/** Refuses discounts that could not be made now, and makes none. */
export function checkDiscounts(
  world: World,
  given: DiscountParam[] | '' | undefined,
  bearer: Bearer,
  param: string,
): void {
  for (const [place, one] of (given || []).entries()) {
    const where = `${param}[${place}]`
    if (one.discount === undefined) findCoupon(world, one, bearer, where)
    else getDiscount(world, one.discount, where)
  }
}

/** Makes discounts that were agreed on before, also of coupons that could not be redeemed any more. */
export function grantAgreed(world: World, given: DiscountParam[], bearer: Bearer): Discount[] {
  return given.flatMap((one) => {
    if (one.discount !== undefined) return world.store.get('discount', one.discount) ?? []
    const agreed = agreedCoupon(world, one)
    return agreed ? grant(world, agreed, bearer) : []
  })
}

function getDiscount({ store }: World, id: string, where: string): Discount {
  const discount = store.get('discount', id)
  if (!discount) throw noSuch('discount', id, `${where}[discount]`)
  return discount
}

function grant(world: World, { coupon, promotionCode }: FoundCoupon, bearer: Bearer): Discount {
  const start = world.now(bearer.customer)
  redeem(world, coupon, promotionCode)
  return world.store.put('discount', {
    id: newId('di'),
    object: 'discount',
    checkout_session: null,
    customer: bearer.customer,
    customer_account: null,
    end: endOf(coupon, start),
    invoice: null,
    invoice_item: null,
    promotion_code: promotionCode,
    source: { type: 'coupon', coupon: coupon.id },
    start,
    subscription: bearer.subscription ?? null,
    subscription_item: bearer.subscription_item ?? null,
  })
}

function endOf({ duration, duration_in_months }: Coupon, start: number): number | null {
  if (duration !== 'repeating') return null
  return addIntervals(start, { interval: 'month', interval_count: 1 }, duration_in_months ?? 1)
}

function redeem({ store }: World, { id }: Coupon, promotionCode: string | null): void {
  const coupon = store.get('coupon', id)
  if (coupon) {
    const times_redeemed = coupon.times_redeemed + 1
    const isLeft = coupon.max_redemptions === null || times_redeemed < coupon.max_redemptions
    store.put('coupon', { ...coupon, times_redeemed, valid: coupon.valid && isLeft })
  }
  const code = promotionCode === null ? undefined : store.get('promotion_code', promotionCode)
  if (!code) return
  const redeemed = code.times_redeemed + 1
  const active = code.active && (code.max_redemptions === null || redeemed < code.max_redemptions)
  store.put('promotion_code', { ...code, times_redeemed: redeemed, active })
}
