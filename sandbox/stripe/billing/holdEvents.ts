import type { Kind, Objects } from '../objects.ts'
import type { World } from '../world.ts'

interface HeldEvent {
  type: string
  kind: Kind
  object: Objects[Kind]
  before: object | undefined
}

/** A world whose events wait in `events`, to be put in another order, or dropped, and released. */
export interface Held {
  world: World
  events: HeldEvent[]
}

/** The same world, but that events wait until they are released. */
export function holdEvents(world: World): Held {
  const events: HeldEvent[] = []
  const held: World = {
    store: world.store,
    publicUrl: world.publicUrl,
    now: (customer) => world.now(customer),
    emit: (type, kind, object, before) => events.push({ type, kind, object, before }),
  }
  return { world: held, events }
}

/** Emits what was held in the order of these types; types that are not listed come where `*` is, as they came. */
export function releaseEvents(world: World, events: HeldEvent[], order: readonly string[]): void {
  const rankOf = ({ type }: HeldEvent) => {
    const rank = order.indexOf(type)
    return rank >= 0 ? rank : order.indexOf('*')
  }
  const sorted = events.toSorted((one, other) => rankOf(one) - rankOf(other))
  for (const { type, kind, object, before } of sorted) world.emit(type, kind, object, before)
}
