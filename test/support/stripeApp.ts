import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import Stripe from 'stripe'
import { v7 as uuidv7 } from 'uuid'
import { onTestFinished } from 'vitest'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { bringJobsForward } from '../../sandbox/settle.ts'
import { createStripe, type StripeStandIn } from '../../sandbox/stripe/engine/createStripe.ts'
import { bringPrices } from '../../src/billing/prices/applyPrices.ts'
import { startTestApp, type TestApp } from './testApp.ts'

export const STRIPE_KEY = 'sk_test_sandbox'
export const STRIPE_SIGNING_SECRET = 'whsec_sandbox'

/** A service with a Stripe of its own, whose clocks move together, and between which everything goes over the wire. */
export interface StripeApp extends TestApp {
  stripe: StripeStandIn
  /** The official SDK, for what somebody does at Stripe. */
  sdk: Stripe
  /** Delivers every event that is not dropped, and waits until all that follows is done. */
  flush: () => Promise<void>
}

const PATIENCE_MS = 30_000
const DAY = 86_400

/** Starts both, with the prices of the catalogue at Stripe. Call `close` when done. */
export async function startStripeApp(
  overrides: NodeJS.ProcessEnv = {},
  { prices = true, fetch = globalThis.fetch } = {},
): Promise<StripeApp> {
  const port = await freePort(0)
  let now = () => new Date()
  const standIn = await startStandIn({
    now: () => now(),
    webhookUrl: `http://127.0.0.1:${port}/v1/webhooks/stripe`,
  })
  const settings = {
    STRIPE_SECRET_KEY: STRIPE_KEY,
    STRIPE_WEBHOOK_SECRET: STRIPE_SIGNING_SECRET,
    STRIPE_API_URL: standIn.url,
    STRIPE_READS_PER_SECOND: '1000',
    ...overrides,
  }
  const t = await startTestApp(settings, { fetch })
  now = t.app.now
  await t.fastify.listen({ host: '127.0.0.1', port })
  if (prices) await bringPrices(t.app)
  // It has just been reconciled: only a clock that was moved by an hour makes a sweep do it again.
  const begun = t.app.now()
  await t.app.db
    .insertInto('reconciliations')
    .values({ id: uuidv7(), started_at: begun, finished_at: begun })
    .execute()

  async function flush(): Promise<void> {
    do {
      standIn.stripe.deliveries.release()
      await standIn.stripe.deliveries.settle(AbortSignal.timeout(PATIENCE_MS))
      // Once more for what looks have promised.
      for (let round = 0; round < 2; round++) {
        await bringJobsForward(t.app, DAY)
        await t.settled()
      }
    } while (standIn.stripe.deliveries.pending().length > 0)
  }
  await flush()

  return {
    ...t,
    stripe: standIn.stripe,
    sdk: standIn.sdk,
    flush,
    async advance(seconds) {
      for (let left = seconds; left > 0; left -= DAY) {
        t.moveClock(Math.min(left, DAY))
        standIn.stripe.advance()
        await flush()
        await t.sweep()
        await flush()
      }
    },
    async close() {
      await standIn.close()
      await t.close()
    },
  }
}

/** The same for the test that is running. */
export async function startStripeAppWith(
  overrides: NodeJS.ProcessEnv = {},
  options?: { prices: boolean },
): Promise<StripeApp> {
  const started = await startStripeApp(overrides, options)
  onTestFinished(started.close)
  return started
}

export interface ServedStandIn {
  stripe: StripeStandIn
  sdk: Stripe
  url: string
  close: () => Promise<void>
}

/** A stand-in that listens on a port of its own and keeps nothing. */
export async function startStandIn({
  now,
  webhookUrl,
  retryAfterMs = [],
}: {
  now: () => Date
  webhookUrl: string | null
  retryAfterMs?: number[]
}): Promise<ServedStandIn> {
  const silent = { warn() {}, error() {}, info() {}, debug() {} }
  const stripe = createStripe({
    now,
    webhook: webhookUrl === null ? null : { url: webhookUrl, secret: STRIPE_SIGNING_SECRET },
    secretKey: STRIPE_KEY,
    publicUrl: 'http://localhost:4100',
    log: silent as unknown as Parameters<typeof createStripe>[0]['log'],
    retryAfterMs,
  })
  const server = fastify({ forceCloseConnections: true })
  await server.register(stripe.routes)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const sdk = new Stripe(STRIPE_KEY, {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
  })
  return {
    stripe,
    sdk,
    url: `http://127.0.0.1:${port}`,
    async close() {
      await stripe.close()
      await server.close()
    },
  }
}
