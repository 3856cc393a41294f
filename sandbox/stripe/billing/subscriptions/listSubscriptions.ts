import Type, { type Static } from 'typebox'
import { listPage, pageParams } from '../../engine/listPage.ts'
import { isWithin, rangeParam } from '../../engine/ranges.ts'
import type { World } from '../../world.ts'
import { maybe, text, words } from '../params.ts'
import { idOf, type Subscription } from '../shapes.ts'
import { isEnded } from './items.ts'

const STATUSES = [
  'incomplete',
  'incomplete_expired',
  'trialing',
  'active',
  'past_due',
  'unpaid',
  'canceled',
  'paused',
] as const

export const listParams = Type.Object({
  ...pageParams,
  collection_method: maybe(words('charge_automatically', 'send_invoice')),
  created: rangeParam,
  current_period_end: rangeParam,
  current_period_start: rangeParam,
  customer: maybe(text),
  price: maybe(text),
  status: maybe(words(...STATUSES, 'all', 'ended')),
  test_clock: maybe(text),
})

/**
 * One page of those that fit; those that are canceled only where they are asked for. Stripe leaves out those on test
 * clocks unless their customer or clock is named; here they are listed, so that one who lists all, as the service's
 * sweep does, can be tried with time of its own.
 */
export function listSubscriptions({ store }: World, params: Static<typeof listParams>) {
  const { customer, price, test_clock, collection_method: method } = params
  const held = customer === undefined ? store.list('subscription') : store.listOf('subscription', customer)
  const listed = held.filter((one) => {
    const { data } = one.items
    return (
      hasStatus(one, params.status) &&
      (price === undefined || data.some((item) => item.price.id === price)) &&
      (method === undefined || one.collection_method === method) &&
      (test_clock === undefined || idOf(one.test_clock) === test_clock) &&
      isWithin(params.created, one.created) &&
      isWithin(params.current_period_end, Math.min(...data.map((item) => item.current_period_end))) &&
      isWithin(params.current_period_start, Math.max(...data.map((item) => item.current_period_start)))
    )
  })
  return listPage(store, listed, params)
}

/** https://docs.stripe.com/api/subscriptions/list#list_subscriptions-status */
function hasStatus(subscription: Subscription, status: string | undefined): boolean {
  if (status === 'all') return true
  if (status === 'ended') return isEnded(subscription)
  return status === undefined ? subscription.status !== 'canceled' : subscription.status === status
}
