import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { readWebhook, type WebhookEvent } from '@frontgate/client/webhooks'
import { onTestFinished } from 'vitest'
import { operatorToken } from './people.ts'
import type { TestApp } from './testApp.ts'

/** One request as an endpoint got it. */
export interface Received {
  headers: Record<string, string>
  body: string
}

/** How it is answered: with a status, and headers where they matter. */
export type Answering = (
  received: Received,
  nth: number,
) => number | [number, Record<string, string>] | Promise<number>

/** A product's server that is sent webhooks. */
export interface Receiver {
  url: string
  received: Received[]
  /** How it answers from now on. */
  answer: Answering
  /** All that was received and fits the secret. */
  events: (secret: string) => WebhookEvent[]
  close: () => Promise<void>
}

/** Starts one; it answers 204 until told otherwise. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const one = { headers: request.headers as Record<string, string>, body: await text(request) }
    received.push(one)
    const answer = await receiver.answer(one, received.length)
    const [status, headers] = typeof answer === 'number' ? [answer, {}] : answer
    response.writeHead(status, headers).end()
  })
  // Nobody has to close it for the program to end.
  server.unref()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    answer: () => 204,
    events: (secret) => received.map(({ body, headers }) => readWebhook(body, headers, secret)),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}

export interface Endpoint {
  id: string
  secret: string
}

/** Has an operator add an endpoint. */
export async function addEndpoint(
  t: TestApp,
  url: string,
  fields: Record<string, unknown> = {},
): Promise<Endpoint> {
  const as = await operatorToken(t)
  const reply = await t.call('POST', '/v1/operator/webhooks/endpoints', { as, body: { url, ...fields } })
  if (reply.status !== 201) throw new Error(`Adding an endpoint answered ${reply.status}: ${reply.text}`)
  return reply.body
}

/** Calls one of the operators' operations about webhooks. */
export async function webhookCall(
  t: TestApp,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
) {
  return t.call(method, `/v1/operator/webhooks/${path}`, {
    as: await operatorToken(t),
    ...(body && { body }),
  })
}

/** Deliveries as an operator sees them, the newest first. */
export async function deliveriesOf(t: TestApp, query: Record<string, string> = {}) {
  const reply = await webhookCall(t, 'GET', `deliveries?${new URLSearchParams(query)}`)
  return reply.body.data as Record<string, unknown>[]
}

export interface Listener extends Receiver, Endpoint {
  /** What it was told, by type and in the order of versions, once all promised jobs are done. */
  told: () => Promise<WebhookEvent[]>
}

/** A product's server with an endpoint at it, for the test that is running; what was there before is noted by then. */
export async function listen(t: TestApp, fields: Record<string, unknown> = {}): Promise<Listener> {
  const receiver = await startReceiver()
  const endpoint = await addEndpoint(t, receiver.url, fields)
  onTestFinished(async () => {
    await webhookCall(t, 'DELETE', `endpoints/${endpoint.id}`, { reason: 'The test is over' })
    await receiver.close()
  })
  await t.settled()
  const versionOf = ({ data }: WebhookEvent) => ('version' in data ? data.version : 0)
  return Object.assign(receiver, {
    id: endpoint.id,
    secret: endpoint.secret,
    async told() {
      await t.settled()
      return receiver.events(endpoint.secret).sort((a, b) => versionOf(a) - versionOf(b))
    },
  })
}
