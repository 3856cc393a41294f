import Type from 'typebox'
import { maybe, seconds, text } from '../billing/params.ts'
import { advanceBilling } from '../billing/passTime.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import { newId, type World } from '../world.ts'
import { deleteCustomer } from './deleteCustomer.ts'

type TestClock = Objects['test_helpers.test_clock']

const KIND = 'test_helpers.test_clock'
const KEPT_SECONDS = 30 * 24 * 60 * 60

/** The test clock that a path or a parameter names. */
export function getTestClock({ store }: World, id: string, param?: string): TestClock {
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
