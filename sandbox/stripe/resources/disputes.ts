import Type from 'typebox'
import { maybe, text } from '../billing/params.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import type { World } from '../world.ts'

const OPEN = ['needs_response', 'under_review', 'warning_needs_response', 'warning_under_review']

function getDispute({ store }: World, id: string): Objects['dispute'] {
  const dispute = store.get('dispute', id)
  if (!dispute) throw noSuch('dispute', id)
  return dispute
}

const retrieve = operation({
  method: 'GET',
  path: '/v1/disputes/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getDispute(world, id),
})

const list = operation({
  method: 'GET',
  path: '/v1/disputes',
  params: Type.Object({
    ...pageParams,
    charge: maybe(text),
    created: rangeParam,
    payment_intent: maybe(text),
  }),
  handle({ store }, { charge, created, payment_intent, ...page }) {
    const found = store
      .list('dispute')
      .filter((dispute) => charge === undefined || dispute.charge === charge)
      .filter((dispute) => payment_intent === undefined || dispute.payment_intent === payment_intent)
      .filter((dispute) => isWithin(created, dispute.created))
    return listPage(found, page)
  },
})

/** To close is to concede: https://docs.stripe.com/api/disputes/close */
const close = operation({
  method: 'POST',
  path: '/v1/disputes/:id/close',
  params: Type.Object({}),
  handle(world, _params, { id }) {
    const held = getDispute(world, id)
    if (!OPEN.includes(held.status)) throw new StripeRefusal('This dispute is already closed.')
    return replace(world, 'dispute', held, { ...held, status: 'lost' }, 'charge.dispute.closed')
  },
})

export const disputeOperations = [retrieve, list, close]
