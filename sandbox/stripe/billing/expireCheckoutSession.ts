import { noSuch, StripeRefusal } from '../refusal.ts'
import type { World } from '../world.ts'
import type { Session } from './shapes.ts'

/** Closes an open session, so that nobody can pay it any more. */
export function expireCheckoutSession(world: World, id: string): Session {
  const session = getOpenSession(world, id)
  const expired = world.store.put('checkout.session', { ...session, status: 'expired', url: null })
  world.emit('checkout.session.expired', 'checkout.session', expired)
  return expired
}

/** The session, if it can still be paid. */
export function getOpenSession(world: World, id: string): Session {
  const session = getSession(world, id)
  if (session.status === 'open') return session
  throw new StripeRefusal(
    `Only Checkout Sessions with a status in ["open"] can be expired or paid. This one is ${session.status}.`,
    { code: 'status_transition_invalid' },
  )
}

/** The session, whatever has become of it. */
export function getSession({ store }: World, id: string): Session {
  const session = store.get('checkout.session', id)
  if (!session) throw noSuch('checkout.session', id)
  return session
}
