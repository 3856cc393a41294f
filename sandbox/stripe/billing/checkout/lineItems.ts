import type Stripe from 'stripe'
import type { Wire } from '../../objects.ts'
import type { World } from '../../world.ts'
import { productName } from '../invoices/lines.ts'
import { idOf, type Session } from '../shapes.ts'
import { reckonSession } from './reckonSession.ts'

type LineItem = Wire<Stripe.LineItem>

/** What is bought in a session, line by line. */
export function lineItemsOf(world: World, session: Session): LineItem[] {
  const order = world.store.get('checkout_order', session.id)
  const lines = (order?.lines ?? []).flatMap(({ id, price: priceId, quantity }) => {
    const price = world.store.get('price', priceId)
    return price ? [{ id, price, quantity }] : []
  })
  const isTrial = order?.data.trial_end !== undefined || order?.data.trial_period_days !== undefined
  // What the coupon took off is part of the session; whether it could still be redeemed does not matter.
  const discounts = session.status === 'open' ? (order?.discounts ?? []) : []
  const reckoned = reckonSession(world, lines, { isTrial, discounts, customer: idOf(session.customer) })
  return lines.map(({ id, price, quantity }, place) => {
    const { subtotal = 0, discount = 0 } = reckoned.lines[place] ?? {}
    return {
      id,
      object: 'item',
      adjustable_quantity: null,
      amount_discount: discount,
      amount_subtotal: subtotal,
      amount_tax: 0,
      amount_total: subtotal - discount,
      currency: price.currency,
      description: productName(world, price),
      metadata: {},
      price,
      quantity,
    }
  })
}
