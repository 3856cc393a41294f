import { productName } from '../../billing/invoices/lines.ts'
import type { Subscription } from '../../billing/shapes.ts'
import type { World } from '../../world.ts'

/** What somebody is subscribed to: `Pro`. */
export function planName(world: World, { items }: Subscription): string {
  return items.data.map(({ price }) => productName(world, price)).join(', ')
}
