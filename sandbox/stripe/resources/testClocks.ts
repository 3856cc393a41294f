import Type from 'typebox'
import { addIntervals } from '../billing/calendar.ts'
import { maybe, seconds, text } from '../billing/params.ts'
import { advanceBilling } from '../billing/passTime.ts'
import { isEnded, recurrenceOf } from '../billing/subscriptions/items.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import type { Store } from '../store.ts'
import { newId, type World } from '../world.ts'
import { deleteCustomer } from './deleteCustomer.ts'

type TestClock = Objects['test_helpers.test_clock']

const KIND = 'test_helpers.test_clock'
const MOST_CUSTOMERS = 3
const MOST_INTERVALS = 2
const YEARLY = { interval: 'year', interval_count: 1 }
const KEPT_SECONDS = 30 * 24 * 60 * 60

/** The test clock that a path or a parameter names. */
function getTestClock({ store }: World, id: string, param?: string): TestClock {
  const clock = store.get(KIND, id)
  if (!clock) throw noSuch('testclock', id, param)
  return clock
}

const create = operation({
  method: 'POST',
  path: '/v1/test_helpers/test_clocks',
  params: Type.Object({ frozen_time: seconds, name: maybe(text) }),
  handle(world, { frozen_time, name = null }) {
    const now = world.now()
    const clock = world.store.put(KIND, {
      id: newId('clock'),
      object: KIND,
      created: now,
      deletes_after: now + KEPT_SECONDS,
      frozen_time,
      livemode: false,
      name,
      status: 'ready',
      status_details: {},
    })
    world.emit('test_helpers.test_clock.created', KIND, clock)
    return clock
  },
})

const retrieve = operation({
  method: 'GET',
  path: '/v1/test_helpers/test_clocks/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getTestClock(world, id),
})

const list = operation({
  method: 'GET',
  path: '/v1/test_helpers/test_clocks',
  params: Type.Object(pageParams),
  handle: ({ store }, page) => listPage(store, store.list(KIND), page),
})

/** Stripe answers before it is done, with `advancing`; here it is done by then. */
const advance = operation({
  method: 'POST',
  path: '/v1/test_helpers/test_clocks/:id/advance',
  params: Type.Object({ frozen_time: seconds }),
  handle(world, { frozen_time }, { id }) {
    const clock = getTestClock(world, id)
    if (frozen_time <= clock.frozen_time) {
      throw new StripeRefusal('The test clock can only be advanced to a time after its frozen time.', {
        param: 'frozen_time',
      })
    }
    checkReach(world.store, clock, frozen_time)
    const advancing: TestClock = {
      ...clock,
      status: 'advancing',
      status_details: { advancing: { target_frozen_time: frozen_time } },
    }
    replace(world, KIND, clock, advancing, 'test_helpers.test_clock.advancing')
    const time = { store: world.store, at: (instant: number) => world.at(instant, id) }
    const failures = advanceBilling(time, frozen_time, id)
    const status = failures.length > 0 ? 'internal_failure' : 'ready'
    const arrived: TestClock = { ...clock, frozen_time, status, status_details: {} }
    return replace(world, KIND, advancing, arrived, `test_helpers.test_clock.${status}`)
  },
})

/** https://docs.stripe.com/billing/testing/test-clocks/api-advanced-usage#advance-time */
function checkReach(store: Store, { id, frozen_time }: TestClock, asked: number): void {
  const live = store.list('subscription').filter((one) => one.test_clock === id && !isEnded(one))
  const rhythms = live.flatMap(({ items }) => items.data.map(recurrenceOf))
  const reaches = rhythms.map((rhythm) => addIntervals(frozen_time, rhythm, MOST_INTERVALS))
  const most = reaches.length > 0 ? Math.min(...reaches) : addIntervals(frozen_time, YEARLY, MOST_INTERVALS)
  if (asked <= most) return
  throw new StripeRefusal(
    `Cannot advance a test clock by more than ${MOST_INTERVALS} intervals of its shortest subscription, or ${MOST_INTERVALS} years without any.`,
    { param: 'frozen_time' },
  )
}

/** The clock that a new customer is to live by, if there is room for one more. */
export function joinTestClock(world: World, id: string): TestClock {
  const clock = getTestClock(world, id, 'test_clock')
  const living = world.store.list('customer').filter((one) => !one.deleted && one.test_clock === id)
  if (living.length < MOST_CUSTOMERS) return clock
  throw new StripeRefusal(`A test clock can have at most ${MOST_CUSTOMERS} customers.`, {
    param: 'test_clock',
  })
}

const remove = operation({
  method: 'DELETE',
  path: '/v1/test_helpers/test_clocks/:id',
  params: Type.Object({}),
  handle(world, _params, { id }) {
    const clock = getTestClock(world, id)
    for (const customer of world.store.list('customer')) {
      if (!customer.deleted && customer.test_clock === id) deleteCustomer(world, customer)
    }
    world.store.remove(KIND, id)
    world.emit('test_helpers.test_clock.deleted', KIND, clock)
    return { id, object: KIND, deleted: true }
  },
})

export const testClockOperations = [create, retrieve, list, advance, remove]
