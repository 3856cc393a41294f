import { rateLimited } from '../../refusal.ts'
import type { Store } from '../../store.ts'
import type { World } from '../../world.ts'
import { HOUR } from '../calendar.ts'
import { customerOf, type Subscription } from '../shapes.ts'

/** https://docs.stripe.com/rate-limits */
const MOST_AN_HOUR = 200

// Not kept between runs, as nothing of Stripe's limits is.
const updatesIn = new WeakMap<Store, Map<string, number[]>>()

/** Refuses a quantity that is changed too often, as Stripe does. */
export function limitQuantityUpdates(world: World, before: Subscription, after: Subscription): void {
  const isChanged = after.items.data.some(({ id, quantity }) => {
    const held = before.items.data.find((item) => item.id === id)
    return held !== undefined && held.quantity !== quantity
  })
  if (!isChanged) return
  const now = world.now(customerOf(before))
  const ofAll = updatesIn.get(world.store) ?? new Map<string, number[]>()
  updatesIn.set(world.store, ofAll)
  const recent = (ofAll.get(before.id) ?? []).filter((at) => at > now - HOUR)
  if (recent.length >= MOST_AN_HOUR) throw rateLimited('resource-specific')
  ofAll.set(before.id, [...recent, now])
}
