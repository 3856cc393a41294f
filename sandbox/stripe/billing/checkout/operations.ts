import Type, { type Static } from 'typebox'
import { listPage, pageParams } from '../../engine/listPage.ts'
import { mergeMetadata } from '../../engine/metadata.ts'
import { isWithin } from '../../engine/ranges.ts'
import { type Operation, operation } from '../../operation.ts'
import type { World } from '../../world.ts'
import { expireCheckoutSession, getSession } from '../expireCheckoutSession.ts'
import { idOf } from '../shapes.ts'
import { createSession } from './createSession.ts'
import { lineItemsOf } from './lineItems.ts'
import { createParams, listParams, updateParams } from './sessionParams.ts'

const none = Type.Object({})

/** https://docs.stripe.com/api/checkout/sessions */
export const checkoutOperations: Operation[] = [
  operation({ method: 'POST', path: '/v1/checkout/sessions', params: createParams, handle: createSession }),
  operation({ method: 'GET', path: '/v1/checkout/sessions', params: listParams, handle: list }),
  operation({
    method: 'GET',
    path: '/v1/checkout/sessions/:id',
    params: none,
    handle: (world, _, { id }) => getSession(world, id),
  }),
  operation({
    method: 'POST',
    path: '/v1/checkout/sessions/:id',
    params: updateParams,
    handle(world, { metadata }, { id }) {
      const session = getSession(world, id)
      return world.store.put('checkout.session', {
        ...session,
        metadata: mergeMetadata(session.metadata, metadata),
      })
    },
  }),
  operation({
    method: 'POST',
    path: '/v1/checkout/sessions/:id/expire',
    params: none,
    handle: (world, _, { id }) => expireCheckoutSession(world, id),
  }),
  operation({
    method: 'GET',
    path: '/v1/checkout/sessions/:id/line_items',
    params: Type.Object(pageParams),
    handle: (world, params, { id }) =>
      listPage(world.store, lineItemsOf(world, getSession(world, id)).toReversed(), params),
  }),
]

function list({ store }: World, params: Static<typeof listParams>) {
  const { customer, subscription, status, customer_details: details } = params
  const held =
    customer === undefined ? store.list('checkout.session') : store.listOf('checkout.session', customer)
  const listed = held.filter(
    (one) =>
      (subscription === undefined || idOf(one.subscription) === subscription) &&
      (status === undefined || one.status === status) &&
      (details === undefined || one.customer_details?.email === details.email) &&
      isWithin(params.created, one.created),
  )
  return listPage(store, listed, params)
}
