import { noSuch, StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { type Coupon, idOf } from '../shapes.ts'

/** A coupon, by itself or behind a promotion code. */
export interface CouponParam {
  coupon?: string
  promotion_code?: string
}

export interface FoundCoupon {
  coupon: Coupon
  promotionCode: string | null
}

/** What a coupon is to lower. */
export interface Purchase {
  /** Null where nobody knows yet who buys. */
  customer: string | null
  currency: string
  /** Before discounts; left out where it is not known yet. */
  amount?: number
}

/** The coupon that is meant, if it can be redeemed for this purchase now. */
export function findCoupon(
  world: World,
  { coupon: id, promotion_code }: CouponParam,
  purchase: Purchase,
  param: string,
): FoundCoupon {
  if (promotion_code !== undefined) {
    return findByCode(world, promotion_code, purchase, `${param}[promotion_code]`)
  }
  if (id !== undefined) {
    return { coupon: redeemable(world, id, purchase, `${param}[coupon]`), promotionCode: null }
  }
  throw new StripeRefusal('You must pass one of coupon, promotion_code or discount.', {
    code: 'parameter_missing',
    param,
  })
}

/** The coupon that was agreed on before, whatever has become of it since; null where nothing is left of it. */
export function agreedCoupon(
  { store }: World,
  { coupon: id, promotion_code }: CouponParam,
): FoundCoupon | null {
  const code = store.get('promotion_code', promotion_code ?? '')
  const name = id ?? idOf(code?.promotion.coupon) ?? ''
  const coupon = store.get('coupon', name) ?? store.get('deleted_coupon', name)
  return coupon ? { coupon, promotionCode: code?.id ?? null } : null
}

function findByCode(world: World, id: string, purchase: Purchase, param: string): FoundCoupon {
  const { customer, currency, amount } = purchase
  const code = world.store.get('promotion_code', id)
  if (!code) throw noSuch('promotion code', id, param)
  const isSpent = code.max_redemptions !== null && code.times_redeemed >= code.max_redemptions
  const isLate = code.expires_at !== null && code.expires_at <= world.now(customer)
  if (!code.active || isSpent || isLate) throw refuse('This promotion code is expired or inactive.', param)
  const owner = idOf(code.customer)
  if (owner !== null && owner !== customer) {
    throw refuse('This promotion code cannot be redeemed by this customer.', param)
  }
  const { first_time_transaction, minimum_amount, minimum_amount_currency } = code.restrictions
  if (first_time_transaction && customer !== null && hasPaid(world, customer)) {
    throw refuse(
      'This promotion code cannot be redeemed because the associated customer has prior transactions.',
      param,
    )
  }
  const isTooLittle = amount !== undefined && minimum_amount !== null && amount < minimum_amount
  if (isTooLittle || (minimum_amount_currency !== null && minimum_amount_currency !== currency)) {
    throw refuse(
      'This promotion code cannot be redeemed because the minimum amount requirement is not met.',
      param,
    )
  }
  const coupon = redeemable(world, idOf(code.promotion.coupon) ?? '', purchase, param)
  return { coupon, promotionCode: code.id }
}

function redeemable({ store, now }: World, id: string, { currency }: Purchase, param: string): Coupon {
  const coupon = store.get('coupon', id)
  if (!coupon) throw noSuch('coupon', id, param)
  const isSpent = coupon.max_redemptions !== null && coupon.times_redeemed >= coupon.max_redemptions
  const isLate = coupon.redeem_by !== null && coupon.redeem_by <= now()
  if (!coupon.valid || isSpent || isLate) {
    throw new StripeRefusal(`Coupon expired: ${id}`, { code: 'coupon_expired', param })
  }
  if (coupon.currency !== null && coupon.currency !== currency) {
    throw new StripeRefusal(
      `The currency of the coupon (${coupon.currency}) differs from the currency of what it is applied to (${currency}).`,
      { param },
    )
  }
  return coupon
}

function hasPaid({ store }: World, customer: string): boolean {
  return store.listOf('invoice', customer).some(({ amount_paid }) => amount_paid > 0)
}

function refuse(message: string, param: string): StripeRefusal {
  return new StripeRefusal(message, { code: 'promotion_code_invalid', param })
}
