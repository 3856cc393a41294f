import type { Kept } from '../../objects.ts'
import { Store, type Write } from '../../store.ts'
import type { World } from '../../world.ts'

const CATALOGUE = ['product', 'price', 'coupon', 'deleted_coupon', 'promotion_code'] as const
const OF_CUSTOMERS = [
  'subscription',
  'subscription_schedule',
  'invoice',
  'invoiceitem',
  'discount',
  'payment_method',
] as const

/** A world of its own that begins as this one is for a customer: what happens in it leaves no trace. */
export function dryWorld(world: World, customer: string): World {
  const { store } = world
  const held = store.get('customer', customer)
  const writes: Write[] = [
    ...CATALOGUE.flatMap((kind) => store.list(kind).map((object) => write(kind, object))),
    ...OF_CUSTOMERS.flatMap((kind) => store.listOf(kind, customer).map((object) => write(kind, object))),
    ...(held ? [write('customer', held)] : []),
  ]
  const dry = new Store()
  dry.restore(writes)
  const now = world.now(customer)
  return { store: dry, publicUrl: world.publicUrl, now: () => now, emit: () => {} }
}

/** The same dry world at another instant. */
export function dryAt(world: World, seconds: number): World {
  return { ...world, now: () => seconds }
}

const write = (kind: keyof Kept, object: { id: string }): Write => ({ kind, id: object.id, object })
