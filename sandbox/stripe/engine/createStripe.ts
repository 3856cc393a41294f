import type { FastifyInstance } from 'fastify'
import type { Log } from '../../../src/http/log.ts'
import { billingIncludables } from '../billing/includables.ts'
import { billingOperations } from '../billing/operations.ts'
import { advanceBilling } from '../billing/passTime.ts'
import { Deliveries } from '../delivery/deliveries.ts'
import { resourceOperations } from '../resources/operations.ts'
import { Store } from '../store.ts'
import type { Moment } from '../world.ts'
import type { Engine } from './answerRequest.ts'
import { Faults } from './faults.ts'
import { type Journal, openJournal } from './journal.ts'
import { clockOf, openWorld } from './openWorld.ts'
import { RequestLog } from './requestLog.ts'
import { makeRoutes } from './routes.ts'
import { stripeRoutes } from './stripeRoutes.ts'

export interface StripeOptions {
  now(): Date
  /** Where it is kept between runs; unset, it is not. */
  folder?: string
  webhook: { url: string; secret: string } | null
  secretKey: string
  /** A key that is taken too: one of its own that the service was given. */
  otherKey?: string | undefined
  /** Where a browser reaches the sandbox. */
  publicUrl: string
  log: Log
  /** How long after each failed delivery it is tried again, in real time. */
  retryAfterMs?: number[]
  /** Decides what is only probable; 0 to 1. */
  random?: () => number
  /** Whether no event is delivered before `deliveries.start` is called, which is when the webhook answers. */
  waits?: boolean
}

/** A stand-in for Stripe, as the pages, /control and the tests hold it. */
export interface StripeStandIn {
  store: Store
  deliveries: Deliveries
  faults: Faults
  requests: RequestLog
  /**
   * What is held at this instant, now by default; all that is done with it belongs into one `store.change`. For a
   * customer on a test clock, or for that clock, the instant is one of its time.
   */
  at(seconds?: number, customerOrClock?: string | null): Moment
  /** Does everything that has become due by now; what fails is logged, and left. */
  advance(): void
  /** Answers `/v1/…` and `/v2/…` below the prefix of `server`. */
  routes(server: FastifyInstance): Promise<void>
  close(): Promise<void>
}

const RETRY_AFTER_MS = [1_000, 5_000]

const findOperation = makeRoutes([...resourceOperations, ...billingOperations])

/** Makes a stand-in that holds what earlier runs in its folder left, and sends what they had still to send. */
export function createStripe(options: StripeOptions): StripeStandIn {
  const { now, folder, webhook, secretKey, otherKey, publicUrl, log, random = Math.random } = options
  const { retryAfterMs = RETRY_AFTER_MS, waits = false } = options
  let journal: Journal | undefined
  const store = new Store((writes) => journal?.append(writes))
  if (folder !== undefined) journal = openJournal(folder, store)
  const deliveries = new Deliveries({ store, webhook, now, log, retryAfterMs, random, waits })
  const open = (seconds: number, more: { clock?: string | undefined; request?: EventCause } = {}) =>
    openWorld({ store, publicUrl, seconds, keepEvent: (event) => deliveries.keep(event), ...more })
  const seconds = () => Math.floor(now().getTime() / 1000)
  const engine: Engine = {
    store,
    secretKeys: [secretKey, otherKey],
    includables: billingIncludables,
    faults: new Faults(),
    requests: new RequestLog(),
    keysInUse: new Set(),
    log,
    now,
    findOperation,
    openWorld: (at, request) => open(at, { request }),
  }
  const givenUp = new Set<string>()
  const standIn: StripeStandIn = {
    store,
    deliveries,
    faults: engine.faults,
    requests: engine.requests,
    at: (at = seconds(), given = null) =>
      open(at, { clock: given?.startsWith('clock_') ? given : given ? clockOf(store, given) : undefined }),
    advance() {
      for (const { what, error } of advanceBilling({ ...standIn, givenUp }, seconds())) {
        log.error({ what, error }, 'what was due at Stripe failed')
      }
    },
    routes: async (server) => stripeRoutes(server, engine),
    async close() {
      await deliveries.close()
      journal?.close()
    },
  }
  if (!waits) deliveries.start()
  return standIn
}

type EventCause = { id: string; idempotency_key: string | null }
