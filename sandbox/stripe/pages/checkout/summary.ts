import { DAY } from '../../billing/calendar.ts'
import { orderedLines, purchaseOf } from '../../billing/checkout/orderedLines.ts'
import { reckonSession } from '../../billing/checkout/reckonSession.ts'
import { type CouponParam, findCoupon, type Purchase } from '../../billing/discounts/findCoupon.ts'
import { productName } from '../../billing/invoices/lines.ts'
import { type Coupon, idOf, type Price, productOf, type Session } from '../../billing/shapes.ts'
import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { money } from '../words.ts'

interface SummaryLine {
  name: string
  description: string | null
  price: Price
  quantity: number
  amount: number
}

/** What the buyer of a session gets, and for how much. */
export interface Summary {
  currency: string
  lines: SummaryLine[]
  subtotal: number
  discount: { code: string | null; label: string; amount: number } | null
  /** For a whole period, the discount taken off. */
  total: number
  /** In seconds; null when it is paid at once. */
  trialEnd: number | null
  dueToday: number
}

/** Reckons what is bought in a session, as paying it would. */
export function summarise(world: World, session: Session): Summary {
  const order = world.store.get('checkout_order', session.id)
  const customer = idOf(session.customer)
  const bought = order ? orderedLines(world, order) : []
  const [given] = order?.discounts ?? []
  const isValid = given !== undefined && isRedeemable(world, given, purchaseOf(bought, customer))
  const discounts = given && isValid ? [given] : []
  const reckoned = reckonSession(world, bought, { isTrial: false, discounts })
  const { lines, subtotal, total } = reckoned
  const trialEnd = trialEndOf(order?.data ?? {}, world.now(customer))
  return {
    currency: session.currency ?? 'usd',
    lines: bought.map(({ price, quantity }, place) => ({
      name: productName(world, price),
      description: world.store.get('product', productOf(price))?.description ?? null,
      price,
      quantity,
      amount: lines[place]?.subtotal ?? 0,
    })),
    subtotal,
    discount: given ? { ...describe(world, given, isValid), amount: reckoned.discount } : null,
    total,
    trialEnd,
    dueToday: trialEnd === null ? total : 0,
  }
}

/** A discount may have been used up since it was given; then paying is refused until it is removed. */
function isRedeemable(world: World, given: CouponParam, purchase: Purchase): boolean {
  try {
    findCoupon(world, given, purchase, 'discounts[0]')
    return true
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error
    return false
  }
}

function trialEndOf(
  { trial_end, trial_period_days: days }: { trial_end?: number; trial_period_days?: number },
  now: number,
): number | null {
  return trial_end ?? (days === undefined ? null : now + days * DAY)
}

function describe({ store }: World, { coupon: id, promotion_code }: CouponParam, isValid: boolean) {
  const code = store.get('promotion_code', promotion_code ?? '')
  const coupon = store.get('coupon', id ?? idOf(code?.promotion.coupon) ?? '')
  const name = code?.code ?? coupon?.name ?? 'Discount'
  return {
    code: code?.code ?? null,
    label: `${name}: ${coupon && isValid ? takenOff(coupon) : 'no longer valid'}`,
  }
}

function takenOff({ percent_off, amount_off, currency, duration, duration_in_months }: Coupon): string {
  const off = percent_off === null ? money(amount_off ?? 0, currency ?? 'usd') : `${percent_off}%`
  if (duration === 'forever') return `${off} off`
  if (duration === 'once') return `${off} off once`
  return `${off} off for ${duration_in_months ?? 1} months`
}
