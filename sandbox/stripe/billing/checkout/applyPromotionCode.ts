import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { idOf, type Session } from '../shapes.ts'
import { amounts } from './createSession.ts'
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
  const lines = order.lines.flatMap(({ price: id, quantity }) => {
    const price = world.store.get('price', id)
    return price ? [{ price, quantity }] : []
  })
  const discounts = [{ promotion_code: code.id }]
  const isTrial = order.data.trial_end !== undefined || order.data.trial_period_days !== undefined
  const reckoned = reckonSession(world, lines, { isTrial, discounts, customer: idOf(session.customer) })
  world.store.put('checkout_order', { ...order, discounts })
  return world.store.put('checkout.session', {
    ...session,
    ...amounts(reckoned),
    discounts: [{ coupon: null, promotion_code: code.id }],
  })
}
