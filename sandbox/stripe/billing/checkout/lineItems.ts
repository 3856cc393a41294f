import type Stripe from 'stripe'
import type { Wire } from '../../objects.ts'
import type { World } from '../../world.ts'
import { productName } from '../invoices/lines.ts'
import type { Session } from '../shapes.ts'
import { beginsWithTrial, orderedLines } from './orderedLines.ts'
import { reckonSession } from './reckonSession.ts'

type LineItem = Wire<Stripe.LineItem>

/** What is bought in a session, line by line. */
export function lineItemsOf(world: World, session: Session): LineItem[] {
  const order = world.store.get('checkout_order', session.id)
  if (!order) return []
  const { data, discounts } = order
  const lines = orderedLines(world, order)
  const reckoned = reckonSession(world, lines, { isTrial: beginsWithTrial(data), discounts })
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
