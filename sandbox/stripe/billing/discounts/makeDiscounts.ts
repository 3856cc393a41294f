import { noSuch, StripeRefusal } from '../../refusal.ts'
import { newId, type World } from '../../world.ts'
import { addIntervals } from '../calendar.ts'
import { type Coupon, type Discount, idOf } from '../shapes.ts'

export interface DiscountParam {
  coupon?: string
  promotion_code?: string
  /** One that there is already, to be kept. */
  discount?: string
}

/** Who is granted the discount, and for what. */
export interface Bearer {
  customer: string
  subscription?: string
  subscription_item?: string
  checkout_session?: string
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
  return (given || []).map((one, place) => makeDiscount(world, one, bearer, `${param}[${place}]`))
}

function makeDiscount(world: World, given: DiscountParam, bearer: Bearer, param: string): Discount {
  if (given.discount !== undefined) {
    const kept = world.store.get('discount', given.discount)
    if (!kept) throw noSuch('discount', given.discount, `${param}[discount]`)
    return kept
  }
  const { coupon, promotionCode } = findCoupon(world, given, bearer.customer, param)
  const start = world.now(bearer.customer)
  redeem(world, coupon, promotionCode)
  return world.store.put('discount', {
    id: newId('di'),
    object: 'discount',
    checkout_session: bearer.checkout_session ?? null,
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

/** The coupon that is meant, if it can be redeemed by the customer now; `customer` may not be known yet. */
export function findCoupon(
  world: World,
  given: DiscountParam,
  customer: string | null,
  param: string,
): { coupon: Coupon; promotionCode: string | null } {
  if (given.promotion_code === undefined) {
    return { coupon: getCoupon(world, given.coupon ?? '', `${param}[coupon]`), promotionCode: null }
  }
  const name = `${param}[promotion_code]`
  const code = world.store.get('promotion_code', given.promotion_code)
  if (!code) throw noSuch('promotion code', given.promotion_code, name)
  const isSpent = code.max_redemptions !== null && code.times_redeemed >= code.max_redemptions
  const isLate = code.expires_at !== null && code.expires_at <= world.now(customer)
  if (!code.active || isSpent || isLate) throw refuse('This promotion code is expired or inactive.', name)
  const owner = idOf(code.customer)
  if (owner !== null && owner !== customer) {
    throw refuse('This promotion code cannot be redeemed by this customer.', name)
  }
  if (code.restrictions.first_time_transaction && customer !== null && hasPaid(world, customer)) {
    throw refuse(
      'This promotion code cannot be redeemed because the associated customer has prior transactions.',
      name,
    )
  }
  return { coupon: getCoupon(world, idOf(code.promotion.coupon) ?? '', name), promotionCode: code.id }
}

function getCoupon({ store, now }: World, id: string, param: string): Coupon {
  const coupon = store.get('coupon', id)
  if (!coupon) throw noSuch('coupon', id, param)
  const isSpent = coupon.max_redemptions !== null && coupon.times_redeemed >= coupon.max_redemptions
  const isLate = coupon.redeem_by !== null && coupon.redeem_by <= now()
  if (coupon.valid && !isSpent && !isLate) return coupon
  throw new StripeRefusal(`Coupon expired: ${id}`, { code: 'coupon_expired', param })
}

function hasPaid({ store }: World, customer: string): boolean {
  return store.listOf('invoice', customer).some(({ amount_paid }) => amount_paid > 0)
}

function redeem({ store }: World, coupon: Coupon, promotionCode: string | null): void {
  const times_redeemed = coupon.times_redeemed + 1
  const valid = coupon.max_redemptions === null || times_redeemed < coupon.max_redemptions
  store.put('coupon', { ...coupon, times_redeemed, valid })
  const code = promotionCode === null ? undefined : store.get('promotion_code', promotionCode)
  if (!code) return
  const redeemed = code.times_redeemed + 1
  const active = code.active && (code.max_redemptions === null || redeemed < code.max_redemptions)
  store.put('promotion_code', { ...code, times_redeemed: redeemed, active })
}

function refuse(message: string, param: string): StripeRefusal {
  return new StripeRefusal(message, { code: 'promotion_code_invalid', param })
}
