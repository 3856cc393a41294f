import Type from 'typebox'
import { StripeRefusal } from '../refusal.ts'

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

const DEFAULT_LIMIT = 10

/**
 * One page of `objects`, which are given oldest first and answered newest first. Without a `url` the engine
 * fills in the path of the request.
 */
export function listPage<T extends { id: string }>(
  objects: readonly T[],
  { limit = DEFAULT_LIMIT, starting_after, ending_before }: PageParams,
  url = '',
): ListPage<T> {
  const newestFirst = objects.toReversed()
  if (ending_before !== undefined) {
    const end = placeOf(newestFirst, ending_before, 'ending_before')
    const start = Math.max(0, end - limit)
    return { object: 'list', url, has_more: start > 0, data: newestFirst.slice(start, end) }
  }
  const start = starting_after === undefined ? 0 : placeOf(newestFirst, starting_after, 'starting_after') + 1
  const data = newestFirst.slice(start, start + limit)
  return { object: 'list', url, has_more: start + limit < newestFirst.length, data }
}

function placeOf(objects: { id: string }[], id: string, param: string): number {
  const place = objects.findIndex((object) => object.id === id)
  if (place >= 0) return place
  throw new StripeRefusal(`No such object: '${id}'`, { code: 'resource_missing', param })
}
