import { StripeRefusal } from '../../refusal.ts'
import { getCustomer } from '../../resources/getCustomer.ts'
import type { World } from '../../world.ts'
import { DAY, HOUR } from '../calendar.ts'
import { checkTrialEnd } from '../checkFuture.ts'
import { findCoupon } from '../discounts/findCoupon.ts'
import type { Price } from '../shapes.ts'
import { getRecurringPrice } from '../subscriptions/items.ts'
import { purchaseOf } from './orderedLines.ts'
import type { CreateParams } from './sessionParams.ts'

const MOST_LINES = 20

/** Refuses what Stripe refuses of a new session, and answers with the prices of its lines. */
export function checkSession(world: World, params: CreateParams): Price[] {
  const { mode, ui_mode = 'hosted_page', success_url, customer } = params
  if (mode !== 'subscription') {
    refuse(`The sandbox has sessions in the mode \`subscription\` only, not \`${mode ?? 'none'}\`.`, 'mode')
  }
  if (ui_mode !== 'hosted_page') refuse('The sandbox has the hosted page only.', 'ui_mode')
  if (success_url === undefined) {
    throw new StripeRefusal('Missing required param: success_url.', {
      code: 'parameter_missing',
      param: 'success_url',
    })
  }
  if (customer !== undefined) getCustomer(world, customer, 'customer')
  exclusive(params, 'customer', 'customer_email')
  exclusive(params, 'allow_promotion_codes', 'discounts')
  checkCustomerUpdate(params)
  checkTimes(params, world.now(customer))
  const prices = checkLines(world, params)
  checkDiscounts(world, params, prices)
  return prices
}

function exclusive(params: CreateParams, one: keyof CreateParams, other: keyof CreateParams): void {
  if (!params[one] || params[other] === undefined) return
  refuse(`You may only specify one of these parameters: ${one}, ${other}.`, other)
}

/** https://docs.stripe.com/tax/checkout#existing-customers */
function checkCustomerUpdate({
  customer,
  customer_update,
  automatic_tax,
  tax_id_collection,
}: CreateParams): void {
  if (customer === undefined) {
    if (customer_update) refuse('`customer_update` can only be used with `customer`.', 'customer_update')
    return
  }
  if (tax_id_collection?.enabled && customer_update?.name !== 'auto') {
    refuse(
      'Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`.',
      'customer_update[name]',
    )
  }
  if (automatic_tax?.enabled && customer_update?.address !== 'auto') {
    refuse(
      'Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or set `customer_update[address]` to `auto`.',
      'customer_update[address]',
    )
  }
}

function checkTimes({ expires_at: expires, subscription_data: data = {} }: CreateParams, now: number): void {
  if (expires !== undefined && (expires < now + HOUR / 2 || expires > now + DAY)) {
    refuse(
      'The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout Session creation.',
      'expires_at',
    )
  }
  const { trial_end: trialEnd, trial_period_days: days, billing_cycle_anchor: anchor } = data
  if (trialEnd !== undefined && days !== undefined) {
    refuse(
      'You may only specify one of these parameters: subscription_data[trial_end], subscription_data[trial_period_days].',
      'subscription_data[trial_end]',
    )
  }
  if (trialEnd !== undefined && trialEnd < now + 2 * DAY) {
    refuse('The `trial_end` date has to be at least 2 days in the future.', 'subscription_data[trial_end]')
  }
  if (trialEnd !== undefined) checkTrialEnd(trialEnd, now, 'subscription_data[trial_end]')
  if (anchor !== undefined && anchor <= now) {
    refuse('`billing_cycle_anchor` must be in the future.', 'subscription_data[billing_cycle_anchor]')
  }
}

function checkDiscounts(
  world: World,
  { discounts = [], customer, line_items: lines = [] }: CreateParams,
  prices: Price[],
): void {
  if (discounts.length > 1) refuse('You can only apply one discount to a Checkout Session.', 'discounts')
  const bought = prices.map((price, place) => ({ price, quantity: lines[place]?.quantity ?? 1 }))
  for (const [place, discount] of discounts.entries()) {
    findCoupon(world, discount, purchaseOf(bought, customer ?? null), `discounts[${place}]`)
  }
}

function checkLines(world: World, { line_items: lines = [] }: CreateParams): Price[] {
  if (lines.length === 0) {
    throw new StripeRefusal('Missing required param: line_items.', {
      code: 'parameter_missing',
      param: 'line_items',
    })
  }
  if (lines.length > MOST_LINES) refuse(`You can have at most ${MOST_LINES} line items.`, 'line_items')
  const prices = lines.map(({ price }, place) =>
    getRecurringPrice(world, price, `line_items[${place}][price]`),
  )
  const missing = lines.findIndex(({ quantity }) => quantity === undefined)
  if (missing >= 0) {
    const param = `line_items[${missing}][quantity]`
    throw new StripeRefusal(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
  }
  const rhythms = new Set(
    prices.map(({ recurring }) => `${recurring?.interval} ${recurring?.interval_count}`),
  )
  if (rhythms.size > 1) {
    refuse('Checkout does not support multiple prices with different billing intervals.', 'line_items')
  }
  return prices
}

function refuse(message: string, param: string): never {
  throw new StripeRefusal(message, { param })
}
