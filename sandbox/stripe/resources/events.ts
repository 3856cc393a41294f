import Type from 'typebox'
import { flag, maybe, text } from '../billing/params.ts'
import { eventOfNotification, thinEvent } from '../delivery/messages.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch } from '../refusal.ts'
import type { World } from '../world.ts'

// https://docs.stripe.com/api/events/list
const LISTED_SECONDS = 30 * 24 * 60 * 60

/** The event that a path names. */
export function getEvent({ store }: World, id: string): Objects['event'] {
  const event = store.get('event', id)
  if (!event) throw noSuch('event', id)
  return event
}

const retrieve = operation({
  method: 'GET',
  path: '/v1/events/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getEvent(world, id),
})

const list = operation({
  method: 'GET',
  path: '/v1/events',
  params: Type.Object({
    ...pageParams,
    created: rangeParam,
    delivery_success: maybe(flag),
    type: maybe(text),
    types: maybe(Type.Array(text)),
  }),
  handle(world, { created, delivery_success, type, types, ...page }) {
    const since = world.now() - LISTED_SECONDS
    const patterns = types ?? (type === undefined ? undefined : [type])
    const found = world.store
      .list('event')
      .filter((event) => event.created >= since && isWithin(created, event.created))
      .filter((event) => patterns === undefined || patterns.some((pattern) => fits(pattern, event.type)))
      .filter(
        (event) => delivery_success === undefined || delivery_success === (event.pending_webhooks === 0),
      )
    return listPage(world.store, found, page)
  },
})

/** `type` may end with a star: `customer.*`. */
function fits(pattern: string, type: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
}

const retrieveThin = operation({
  method: 'GET',
  path: '/v2/core/events/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => thinEvent(getEvent(world, eventOfNotification(id))),
})

export const eventOperations = [retrieve, list, retrieveThin]
