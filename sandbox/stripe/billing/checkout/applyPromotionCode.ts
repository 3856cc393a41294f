import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { findCoupon } from '../discounts/findCoupon.ts'
import { idOf, type Session } from '../shapes.ts'
import { amounts } from './createSession.ts'
import { beginsWithTrial, orderedLines, purchaseOf } from './orderedLines.ts'
import { reckonSession } from './reckonSession.ts'

/** Lowers what a session costs by the code that the buyer typed in, or refuses the code. */
export function applyPromotionCode(world: World, session: Session, typed: string): Session {
  const order = world.store.get('checkout_order', session.id)
  const code = world.store
    .list('promotion_code')
    .find((one) => one.active && (one.id === typed || one.code.toLowerCase() === typed.trim().toLowerCase()))
  if (!session.allow_promotion_codes || !code || !order) {
    throw new StripeRefusal('This code is invalid.', {
      code: 'promotion_code_invalid',
      param: 'promotion_code',
    })
  }
  const lines = orderedLines(world, order)
  const given = { promotion_code: code.id }
  findCoupon(world, given, purchaseOf(lines, idOf(session.customer)), 'discounts[0]')
  const discounts = [given]
  const reckoned = reckonSession(world, lines, { isTrial: beginsWithTrial(order.data), discounts })
  world.store.put('checkout_order', { ...order, discounts })
  return world.store.put('checkout.session', {
    ...session,
    ...amounts(reckoned),
    discounts: [{ coupon: null, promotion_code: code.id }],
  })
}
