import Type from 'typebox'
import { StripeRefusal } from '../refusal.ts'
import type { Store } from '../store.ts'

/** The parameters of every list: https://docs.stripe.com/api/pagination */
export const pageParams = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  starting_after: Type.Optional(Type.String()),
  ending_before: Type.Optional(Type.String()),
}

export interface PageParams {
  limit?: number
  starting_after?: string
  ending_before?: string
}

export interface ListPage<T> {
  object: 'list'
  url: string
  has_more: boolean
  data: T[]
}

interface Listed {
  id: string
  object?: string
}

const DEFAULT_LIMIT = 10

/**
 * One page of `objects`, which are given oldest first and answered newest first. Without a `url` the engine
 * fills in the path of the request.
 */
export function listPage<T extends Listed>(
  store: Store,
  objects: readonly T[],
  { limit = DEFAULT_LIMIT, starting_after, ending_before }: PageParams,
  url = '',
): ListPage<T> {
  const newestFirst = objects.toReversed()
  if (ending_before !== undefined) {
    const end = placeOf(store, newestFirst, ending_before, 'ending_before')
    const start = Math.max(0, end - limit)
    return { object: 'list', url, has_more: start > 0, data: newestFirst.slice(start, end) }
  }
  const start = starting_after === undefined ? 0 : startAfter(store, newestFirst, starting_after)
  const data = newestFirst.slice(start, start + limit)
  return { object: 'list', url, has_more: start + limit < newestFirst.length, data }
}

function startAfter(store: Store, newestFirst: Listed[], id: string): number {
  const place = placeOf(store, newestFirst, id, 'starting_after')
  return newestFirst[place]?.id === id ? place + 1 : place
}

/** Where an object is, or would be if it still fitted: a walk goes on though what it has seen changes. */
function placeOf(store: Store, newestFirst: Listed[], id: string, param: string): number {
  const place = newestFirst.findIndex((object) => object.id === id)
  if (place >= 0) return place
  const made = store.placeOf(id, newestFirst[0]?.object)
  if (made !== undefined) {
    const older = newestFirst.findIndex((object) => (store.placeOf(object.id, object.object) ?? 0) < made)
    return older >= 0 ? older : newestFirst.length
  }
  throw new StripeRefusal(`No such object: '${id}'`, { code: 'resource_missing', param })
}
