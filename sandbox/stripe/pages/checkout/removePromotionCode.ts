import { amounts } from '../../billing/checkout/createSession.ts'
import { reckonSession } from '../../billing/checkout/reckonSession.ts'
import { idOf, type Session } from '../../billing/shapes.ts'
import type { World } from '../../world.ts'

/** Takes back the code that the buyer has typed, as long as nothing was paid with it. */
export function removePromotionCode(world: World, session: Session): void {
  const order = world.store.get('checkout_order', session.id)
  if (!session.allow_promotion_codes || !order || order.discounts.length === 0) return
  const lines = order.lines.flatMap(({ price: id, quantity }) => {
    const price = world.store.get('price', id)
    return price ? [{ price, quantity }] : []
  })
  const isTrial = order.data.trial_end !== undefined || order.data.trial_period_days !== undefined
  const customer = idOf(session.customer)
  const reckoned = reckonSession(world, lines, { isTrial, discounts: [], customer })
  world.store.put('checkout_order', { ...order, discounts: [] })
  world.store.put('checkout.session', { ...session, ...amounts(reckoned), discounts: [] })
}
