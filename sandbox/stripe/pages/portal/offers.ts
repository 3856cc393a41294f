import { type Price, productOf, type Subscription } from '../../billing/shapes.ts'
import type { World } from '../../world.ts'
import type { Portal } from './findPortal.ts'

/** The prices that a customer may change to, the cheapest of each rhythm first; the one they have is among them. */
export function offersFor({ store }: World, { features }: Portal, subscription: Subscription): Price[] {
  const { products } = features.subscription_update
  const listed = products?.flatMap(({ prices }) => prices)
  const own = subscription.items.data.map(({ price }) => price.id)
  return store
    .list('price')
    .filter(({ id, active, recurring, currency }) => {
      if (own.includes(id)) return true
      return active && recurring !== null && currency === subscription.currency
    })
    .filter((price) => own.includes(price.id) || (store.get('product', productOf(price))?.active ?? false))
    .filter(({ id }) => own.includes(id) || !listed?.length || listed.includes(id))
    .toSorted((one, other) => rankOf(one) - rankOf(other))
}

const INTERVALS = ['day', 'week', 'month', 'year']

function rankOf({ recurring, unit_amount }: Price): number {
  return INTERVALS.indexOf(recurring?.interval ?? '') * 1e12 + (unit_amount ?? 0)
}
