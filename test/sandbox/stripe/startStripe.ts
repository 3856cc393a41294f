import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { pino } from 'pino'
import Stripe from 'stripe'
import { onTestFinished } from 'vitest'
import {
  createStripe,
  type StripeOptions,
  type StripeStandIn,
} from '../../../sandbox/stripe/engine/createStripe.ts'

export const KEY = 'sk_test_sandbox'

/** A stand-in that answers on a port of its own, and the official SDK pointed at it. */
export interface Started {
  stripe: StripeStandIn
  sdk: Stripe
  url: string
  /** Moves the clock that both have. */
  pass(seconds: number): void
  /** Another client; the settings are the SDK's. */
  client(settings: ConstructorParameters<typeof Stripe>[1], key?: string): Stripe
  close(): Promise<void>
}

/** Starts one for the test that is running; nothing is delivered or kept unless the options say where. */
export async function startStripe(options: Partial<StripeOptions> = {}): Promise<Started> {
  let offset = 0
  const stripe = createStripe({
    now: () => new Date(Date.now() + offset),
    webhook: null,
    secretKey: KEY,
    publicUrl: 'http://localhost:4100',
    log: pino({ level: 'silent' }),
    ...options,
  })
  const server = fastify({ forceCloseConnections: true })
  await server.register(stripe.routes)
  await server.register(stripe.routes, { prefix: '/stripe' })
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const client: Started['client'] = (settings, key = KEY) =>
    new Stripe(key, {
      host: '127.0.0.1',
      port,
      protocol: 'http',
      telemetry: false,
      maxNetworkRetries: 0,
      ...settings,
    })
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= stripe.close().then(() => server.close())
    return closed
  }
  onTestFinished(close)
  return {
    stripe,
    sdk: client({}),
    url: `http://127.0.0.1:${port}`,
    pass(seconds) {
      offset += seconds * 1000
    },
    client,
    close,
  }
}
