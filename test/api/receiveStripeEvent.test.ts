import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, startTestAppWith, type TestApp, type TestReply } from '../support/testApp.ts'

const SECRET = 'whsec_current'
const FORMER = 'whsec_former'
const { webhooks } = Stripe

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({ STRIPE_WEBHOOK_SECRET: `${SECRET},${FORMER}` }, { work: false })
})
afterAll(() => t.close())

/** An event about a customer that is not ours: what matters here is the door, not what lies behind it. */
function someEvent(fields: object = {}) {
  return {
    id: `evt_${randomUUID()}`,
    object: 'event',
    type: 'customer.subscription.updated',
    created: Math.floor(t.app.now().getTime() / 1000),
    livemode: false,
    data: { object: { id: 'sub_1', object: 'subscription', customer: 'cus_stranger' } },
    ...fields,
  }
}

function signed(payload: string, { secret = SECRET, at = t.app.now() }: { secret?: string; at?: Date } = {}) {
  const timestamp = Math.floor(at.getTime() / 1000)
  return webhooks.generateTestHeaderString({ payload, secret, timestamp })
}

function deliver(payload: string, header: string | undefined = signed(payload)): Promise<TestReply> {
  const headers = { 'content-type': 'application/json', ...(header && { 'stripe-signature': header }) }
  return t.call('POST', '/v1/webhooks/stripe', { body: payload, headers })
}

async function inbox(id: string) {
  const { rows } = await t.app.pool.query('select * from stripe_events where id = $1', [id])
  return rows
}

const seconds = (count: number) => new Date(t.app.now().getTime() + count * 1000)

describe('200', () => {
  test('what Stripe’s own library signs is kept', async () => {
    const event = someEvent()
    const reply = await deliver(JSON.stringify(event))
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({ received: true })
    expect(await inbox(event.id)).toMatchObject([{ type: event.type, shape: 'snapshot' }])
  })

  test.each([
    ['the former secret, while it is rolled', { secret: FORMER }],
    ['an age of almost five minutes', { age: -299 }],
    ['a clock almost five minutes ahead of ours', { age: 299 }],
  ])('%s', async (_name, { secret = SECRET, age = 0 }: { secret?: string; age?: number }) => {
    const event = someEvent()
    const payload = JSON.stringify(event)
    expect((await deliver(payload, signed(payload, { secret, at: seconds(age) }))).status).toBe(200)
    expect(await inbox(event.id)).toHaveLength(1)
  })

  test('of two signatures one may be of a secret that we do not know', async () => {
    const payload = JSON.stringify(someEvent())
    const header = `${signed(payload)},v1=${'0'.repeat(64)}`
    expect((await deliver(payload, header)).status).toBe(200)
  })

  test('bytes that are not as JSON.stringify writes them', async () => {
    const event = someEvent()
    const payload = `${JSON.stringify(event, null, 2)}\n`
    expect((await deliver(payload)).status).toBe(200)
    expect(await inbox(event.id)).toHaveLength(1)
  })

  test('an event larger than other bodies may be', async () => {
    const event = someEvent({
      data: { object: { id: 'in_1', customer: 'cus_stranger', lines: 'x'.repeat(500_000) } },
    })
    expect((await deliver(JSON.stringify(event))).status).toBe(200)
  })

  test('what PostgreSQL’s jsonb would refuse', async () => {
    const event = someEvent({ data: { object: { id: 'sub_1', customer: 'cus_stranger', note: 'a\u0000b' } } })
    expect((await deliver(JSON.stringify(event))).status).toBe(200)
    expect(await inbox(event.id)).toHaveLength(1)
  })

  test('the same event fifty times at once is kept once', async () => {
    const event = someEvent()
    const payload = JSON.stringify(event)
    const replies = await Promise.all(Array.from({ length: 50 }, () => deliver(payload)))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await inbox(event.id)).toHaveLength(1)
  })
})

describe('kept, but not followed', () => {
  test.each([
    ['unknown-customer', {}],
    ['other-account', { account: 'acct_1' }],
    ['other-account', { context: 'org_1/acct_1' }],
    ['no-customer', { type: 'product.updated', data: { object: { id: 'prod_1', object: 'product' } } }],
    ['no-customer', { type: 'a.word.of.tomorrow', data: { object: {} } }],
    ['no-customer', { type: 'customer.updated', data: {} }],
  ])('%s: %j', async (reason, fields) => {
    const event = someEvent(fields)
    expect((await deliver(JSON.stringify(event))).status).toBe(200)
    // Of what is not ours nothing is kept but that it came.
    expect(await inbox(event.id)).toMatchObject([{ status: 'ignored', reason, payload: {} }])
    const { rows } = await t.app.pool.query('select from graphile_worker.jobs where key like $1', [
      `%${event.id}%`,
    ])
    expect(rows).toEqual([])
  })
})

test('an event of the other mode is ignored where there is a key to tell it by', async () => {
  const keyed = await startTestAppWith(
    { STRIPE_WEBHOOK_SECRET: SECRET, STRIPE_SECRET_KEY: 'sk_test_1' },
    { work: false },
  )
  const event = someEvent({ livemode: true })
  const payload = JSON.stringify(event)
  const headers = { 'content-type': 'application/json', 'stripe-signature': signed(payload) }
  expect((await keyed.call('POST', '/v1/webhooks/stripe', { body: payload, headers })).status).toBe(200)
  const { rows } = await keyed.app.pool.query('select status, reason from stripe_events where id = $1', [
    event.id,
  ])
  expect(rows).toEqual([{ status: 'ignored', reason: 'other-mode' }])
})

describe('400 invalid-signature, and nothing is kept', () => {
  const payload = () => JSON.stringify(someEvent())
  const v0 = (text: string) => {
    const at = Math.floor(t.app.now().getTime() / 1000)
    return `t=${at},v0=${createHmac('sha256', SECRET).update(`${at}.${text}`).digest('hex')}`
  }
  test.each<[string, (text: string) => string | undefined]>([
    ['no header', () => ''],
    ['an empty one', () => ' '],
    ['another secret', (text) => signed(text, { secret: 'whsec_other' })],
    ['another body', () => signed('{}')],
    ['more than five minutes old', (text) => signed(text, { at: seconds(-301) })],
    ['more than five minutes ahead', (text) => signed(text, { at: seconds(301) })],
    ['an hour ahead, which Stripe’s library lets through', (text) => signed(text, { at: seconds(3600) })],
    ['only the old scheme', v0],
    ['no time', (text) => signed(text).replace(/t=\d+,/, '')],
    [
      'a second time, of a signature for tomorrow',
      (text) => `t=${Math.floor(seconds(0).getTime() / 1000)},${signed(text, { at: seconds(86_400) })}`,
    ],
    ['half a signature', (text) => signed(text).slice(0, -10)],
  ])('%s', async (_name, headerOf) => {
    const text = payload()
    const reply = await deliver(text, headerOf(text))
    expect(reply.status).toBe(400)
    expect(reply.body).toMatchObject({ code: 'invalid-signature' })
    expect(await inbox(JSON.parse(text).id)).toEqual([])
  })

  test('a body that a proxy has parsed and written again', async () => {
    const text = JSON.stringify(someEvent(), null, 1)
    const reply = await deliver(JSON.stringify(JSON.parse(text)), signed(text))
    expect(reply.body).toMatchObject({ code: 'invalid-signature' })
  })
})

test.each([
  ['no JSON', 'hello'],
  ['nothing', ''],
  ['a list', '[]'],
  ['no event', '{"object":"subscription","id":"sub_1"}'],
  ['an event without an id', '{"object":"event","type":"a.b","created":1}'],
  [
    'an id too long to keep',
    JSON.stringify({ object: 'event', id: 'e'.repeat(300), type: 'a.b', created: 1 }),
  ],
  ['an id that cannot be kept', JSON.stringify({ object: 'event', id: 'e\u0000', type: 'a.b', created: 1 })],
  ['no time', '{"object":"event","id":"evt_1","type":"a.b"}'],
])('400 invalid-event: %s', async (_name, payload) => {
  const reply = await deliver(payload)
  expect(reply.status).toBe(400)
  expect(reply.body).toMatchObject({ code: 'invalid-event' })
})

test('400 invalid-signature for bytes that read like those that were signed, and are others', async () => {
  const text = JSON.stringify(someEvent({ note: '\ufffd' }))
  const bytes = Buffer.from(text)
  const at = bytes.indexOf(Buffer.from('\ufffd'))
  const others = Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff]), bytes.subarray(at + 3)])
  const headers = { 'content-type': 'application/json', 'stripe-signature': signed(text) }
  const reply = await t.fastify.inject({
    method: 'POST',
    url: '/v1/webhooks/stripe',
    payload: others,
    headers,
  })
  expect(reply.json()).toMatchObject({ code: 'invalid-signature' })
})

describe('over the wire', () => {
  test('what carries no signature is refused before its body has come', async () => {
    const server = t.fastify
    if (!server.server.listening) await server.listen({ port: 0, host: '127.0.0.1' })
    const { port } = server.server.address() as AddressInfo
    const headers = { 'content-type': 'application/json', 'content-length': 1_000_000 }
    const sent = httpRequest({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/webhooks/stripe',
      headers,
    })
    sent.flushHeaders()
    const [reply] = await once(sent, 'response')
    expect(reply.statusCode).toBe(400)
    sent.destroy()
  })

  test('the signature is checked over the bytes that arrived', async () => {
    const server = t.fastify
    if (!server.server.listening) await server.listen({ port: 0, host: '127.0.0.1' })
    const { port } = server.server.address() as AddressInfo
    const event = someEvent()
    const payload = `  ${JSON.stringify(event)}\r\n`
    const status = await new Promise<number>((resolve, reject) => {
      const sent = httpRequest(
        {
          port,
          host: '127.0.0.1',
          method: 'POST',
          path: '/v1/webhooks/stripe',
          headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signed(payload) },
        },
        (reply) => resolve(reply.resume().statusCode ?? 0),
      )
      sent.on('error', reject)
      sent.end(payload)
    })
    expect(status).toBe(200)
    expect(await inbox(event.id)).toHaveLength(1)
  })
})

test('without a signing secret everything is answered and nothing stored', async () => {
  const bare = await startTestAppWith({}, { work: false })
  const reply = await bare.call('POST', '/v1/webhooks/stripe', {
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  expect(reply.status).toBe(200)
  expect(reply.body).toEqual({ ignored: true })
  expect((await bare.app.pool.query('select from stripe_events')).rows).toEqual([])
})
