import type { Records } from '../objects.ts'
import { newId } from '../world.ts'
import type { DeliverySettings } from './settings.ts'

export type Delivery = Records['delivery']

const OVERTAKEN_WITHIN_MS = 1_000
const REPEATED_WITHIN_MS = 1_000

/** The messages in which an event is told: none when it is dropped, more when it is repeated or told in two shapes. */
export function planDeliveries(
  event: string,
  { duplicate, reorder, drop, delay_ms: [least, most], thin, hold }: DeliverySettings,
  nowMs: number,
  random: () => number,
): Delivery[] {
  const happens = (probability: number) => probability > 0 && random() < probability
  if (happens(drop)) return []
  const shapes: Delivery['shape'][] = thin === 'both' ? ['snapshot', 'thin'] : [thin ? 'thin' : 'snapshot']
  return shapes.flatMap((shape) => {
    const late = happens(reorder) ? random() * OVERTAKEN_WITHIN_MS : 0
    const due_at = nowMs + Math.round(least + random() * (most - least) + late)
    const first: Delivery = { id: newId('dlv'), event, shape, attempts: 0, due_at, held: hold }
    if (!happens(duplicate)) return [first]
    const again = due_at + Math.round(random() * REPEATED_WITHIN_MS)
    return [first, { ...first, id: newId('dlv'), due_at: again }]
  })
}
