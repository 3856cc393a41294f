import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import Stripe from 'stripe'
import { expect, onTestFinished } from 'vitest'

export const SECRET = 'whsec_sandbox'

/** What a webhook was sent. */
export interface Received {
  headers: IncomingHttpHeaders
  body: string
}

/** The receiving end of a webhook, which answers with `status` or not at all. */
export interface Receiver {
  webhook: { url: string; secret: string }
  received: Received[]
  status: number
  /** What was received as events, once there are this many; their signatures are checked by the SDK. */
  events(count: number): Promise<Stripe.Event[]>
}

const patience = { timeout: 10_000, interval: 5 }

export async function receive(status = 200): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    receiver.received.push({ headers: request.headers, body: await text(request) })
    response.writeHead(receiver.status, { location: '/elsewhere' }).end()
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    webhook: { url: `http://127.0.0.1:${port}/v1/webhooks/stripe`, secret: SECRET },
    received: [],
    status,
    async events(count) {
      await expect.poll(() => receiver.received.length, patience).toBeGreaterThanOrEqual(count)
      return receiver.received.map(({ headers, body }) =>
        new Stripe('sk_test_sandbox').webhooks.constructEvent(
          body,
          headers['stripe-signature'] ?? '',
          SECRET,
        ),
      )
    },
  }
  return receiver
}
