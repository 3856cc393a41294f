import Type, { type Static } from 'typebox'
import { listPage, pageParams } from '../../engine/listPage.ts'
import { mergeMetadata } from '../../engine/metadata.ts'
import { isWithin, rangeParam } from '../../engine/ranges.ts'
import { type Operation, operation } from '../../operation.ts'
import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { cancelSubscriptionNow } from '../cancelSubscription.ts'
import { flag, maybe, text } from '../params.ts'
import { idOf, type Schedule } from '../shapes.ts'
import {
  getActiveSchedule,
  getSchedule,
  releaseSchedule,
  scheduleSubscription,
  updateSchedule,
} from './changeSchedule.ts'
import { createParams, updateParams } from './params.ts'

const listParams = Type.Object({
  ...pageParams,
  canceled_at: rangeParam,
  completed_at: rangeParam,
  created: rangeParam,
  customer: maybe(text),
  released_at: rangeParam,
  scheduled: maybe(flag),
})

/** https://docs.stripe.com/api/subscription_schedules */
export const scheduleOperations: Operation[] = [
  operation({ method: 'POST', path: '/v1/subscription_schedules', params: createParams, handle: create }),
  operation({ method: 'GET', path: '/v1/subscription_schedules', params: listParams, handle: list }),
  operation({
    method: 'GET',
    path: '/v1/subscription_schedules/:id',
    params: Type.Object({}),
    handle: (world, _, { id }) => getSchedule(world, id),
  }),
  operation({
    method: 'POST',
    path: '/v1/subscription_schedules/:id',
    params: updateParams,
    handle: (world, params, { id }) => updateSchedule(world, id, params),
  }),
  operation({
    method: 'POST',
    path: '/v1/subscription_schedules/:id/release',
    params: Type.Object({ preserve_cancel_date: maybe(flag) }),
    handle: (world, _, { id }) => releaseSchedule(world, id),
  }),
  operation({
    method: 'POST',
    path: '/v1/subscription_schedules/:id/cancel',
    params: Type.Object({ invoice_now: maybe(flag), prorate: maybe(flag) }),
    handle(world, { invoice_now: invoiceNow = true, prorate = true }, { id }) {
      const { subscription } = getActiveSchedule(world, id)
      cancelSubscriptionNow(world, idOf(subscription) ?? '', { invoiceNow, prorate })
      return getSchedule(world, id)
    },
  }),
]

function create(world: World, params: Static<typeof createParams>): Schedule {
  const { from_subscription: from, metadata, customer, phases, start_date, end_behavior } = params
  if (from === undefined) {
    throw new StripeRefusal(
      'The sandbox makes schedules of subscriptions that there are: pass from_subscription.',
      {
        code: 'parameter_missing',
        param: 'from_subscription',
      },
    )
  }
  if (customer ?? phases ?? start_date ?? end_behavior) {
    throw new StripeRefusal(
      'You cannot set `from_subscription` together with what the subscription determines.',
      {
        param: 'from_subscription',
      },
    )
  }
  const schedule = scheduleSubscription(world, from)
  if (!metadata) return schedule
  return world.store.put('subscription_schedule', { ...schedule, metadata: mergeMetadata({}, metadata) })
}

function list({ store }: World, params: Static<typeof listParams>) {
  const { customer, scheduled } = params
  const held =
    customer === undefined
      ? store.list('subscription_schedule')
      : store.listOf('subscription_schedule', customer)
  const isIn = (range: Parameters<typeof isWithin>[0], at: number | null) =>
    range === undefined || (at !== null && isWithin(range, at))
  const listed = held.filter(
    (one) =>
      isWithin(params.created, one.created) &&
      isIn(params.canceled_at, one.canceled_at) &&
      isIn(params.completed_at, one.completed_at) &&
      isIn(params.released_at, one.released_at) &&
      (scheduled === undefined || (one.status === 'not_started') === scheduled),
  )
  return listPage(store, listed, params)
}
