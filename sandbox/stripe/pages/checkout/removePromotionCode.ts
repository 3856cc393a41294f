import { amounts } from '../../billing/checkout/createSession.ts'
import { beginsWithTrial, orderedLines } from '../../billing/checkout/orderedLines.ts'
import { reckonSession } from '../../billing/checkout/reckonSession.ts'
import type { Session } from '../../billing/shapes.ts'
import type { World } from '../../world.ts'

/** Takes back the code that the buyer has typed, as long as nothing was paid with it. */
export function removePromotionCode(world: World, session: Session): void {
  const order = world.store.get('checkout_order', session.id)
  if (!session.allow_promotion_codes || !order || order.discounts.length === 0) return
  const isTrial = beginsWithTrial(order.data)
  const reckoned = reckonSession(world, orderedLines(world, order), { isTrial, discounts: [] })
  world.store.put('checkout_order', { ...order, discounts: [] })
  world.store.put('checkout.session', { ...session, ...amounts(reckoned), discounts: [] })
}
