import type { StripeStandIn } from '../engine/createStripe.ts'
import { StripeRefusal } from '../refusal.ts'
import type { World } from '../world.ts'

/** Does something now, all of it or nothing; a refusal that keeps what was tried is thrown once that is kept. */
export function performChange<T>({ store, at }: StripeStandIn, work: (world: World) => T): T {
  const done = store.change(() => {
    try {
      return { result: work(at()) }
    } catch (error) {
      if (error instanceof StripeRefusal && error.options.keepsChanges) return { refusal: error }
      throw error
    }
  })
  if ('refusal' in done) throw done.refusal
  return done.result
}
