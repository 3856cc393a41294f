import Type from 'typebox'
import { listPage, pageParams } from '../../engine/listPage.ts'
import { metadataParam } from '../../engine/metadata.ts'
import { type Operation, operation } from '../../operation.ts'
import { noSuch } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { discountsParam, flag, maybe, text } from '../params.ts'
import type { SubscriptionItem } from '../shapes.ts'
import { getSubscription } from './items.ts'
import { updateParams } from './params.ts'
import { updateSubscription } from './updateSubscription.ts'

const { payment_behavior, proration_behavior, proration_date } = updateParams.properties
const how = { payment_behavior, proration_behavior, proration_date }
const what = {
  discounts: discountsParam,
  metadata: metadataParam,
  price: maybe(text),
  quantity: maybe(Type.Integer({ minimum: 0 })),
}

/** https://docs.stripe.com/api/subscription_items; each is a change of the subscription. */
export const subscriptionItemOperations: Operation[] = [
  operation({
    method: 'GET',
    path: '/v1/subscription_items',
    params: Type.Object({ ...pageParams, subscription: text }),
    handle: (world, { subscription, ...page }) =>
      listPage(
        world.store,
        getSubscription(world, subscription, 'subscription').items.data.toReversed(),
        page,
      ),
  }),
  operation({
    method: 'GET',
    path: '/v1/subscription_items/:id',
    params: Type.Object({}),
    handle: (world, _, { id }) => getItem(world, id),
  }),
  operation({
    method: 'POST',
    path: '/v1/subscription_items',
    params: Type.Object({ ...what, ...how, subscription: text }),
    handle(world, { subscription, payment_behavior, proration_behavior, proration_date, ...item }) {
      const known = getSubscription(world, subscription, 'subscription').items.data.map(({ id }) => id)
      const behaviour = pickHow({ payment_behavior, proration_behavior, proration_date })
      const { items } = updateSubscription(world, subscription, { items: [item], ...behaviour })
      return items.data.find(({ id }) => !known.includes(id)) ?? {}
    },
  }),
  operation({
    method: 'POST',
    path: '/v1/subscription_items/:id',
    params: Type.Object({ ...what, ...how, off_session: maybe(flag) }),
    handle(
      world,
      { payment_behavior, proration_behavior, proration_date, off_session: _, ...change },
      { id },
    ) {
      const behaviour = pickHow({ payment_behavior, proration_behavior, proration_date })
      updateSubscription(world, getItem(world, id).subscription, { items: [{ id, ...change }], ...behaviour })
      return getItem(world, id)
    },
  }),
  operation({
    method: 'DELETE',
    path: '/v1/subscription_items/:id',
    params: Type.Object({ ...how, clear_usage: maybe(flag) }),
    handle(world, { clear_usage: _, ...behaviour }, { id }) {
      const { subscription } = getItem(world, id)
      updateSubscription(world, subscription, { items: [{ id, deleted: true }], ...behaviour })
      return { id, object: 'subscription_item', deleted: true }
    },
  }),
]

function getItem({ store }: World, id: string): SubscriptionItem {
  for (const { items } of store.list('subscription')) {
    const item = items.data.find((one) => one.id === id)
    if (item) return item
  }
  throw noSuch('subscription item', id)
}

/** Without the members that are not there. */
function pickHow<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
