import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Stripe from 'stripe'
import { describe, expect, onTestFinished, test } from 'vitest'
import { thinNotification } from '../../../sandbox/stripe/delivery/messages.ts'
import { receive, SECRET } from './receive.ts'
import { startStripe } from './startStripe.ts'

const patience = () => AbortSignal.timeout(10_000)
const poll = { timeout: 10_000, interval: 5 }

describe('an event', () => {
  test('is delivered as a snapshot, signed as the SDK checks it', async () => {
    const to = await receive()
    const { sdk, stripe } = await startStripe({ webhook: to.webhook })
    const customer = await sdk.customers.create(
      { name: 'Ada', metadata: { a: '1' } },
      { idempotencyKey: 'ada' },
    )
    const [created] = await to.events(1)
    expect(created).toMatchObject({
      object: 'event',
      type: 'customer.created',
      api_version: Stripe.API_VERSION,
      livemode: false,
      pending_webhooks: 1,
      request: { id: customer.lastResponse.requestId, idempotency_key: 'ada' },
      data: { object: { id: customer.id, name: 'Ada' } },
    })
    await stripe.deliveries.settle(patience())
    expect(await sdk.events.retrieve(created?.id ?? '')).toMatchObject({ pending_webhooks: 0 })
  })

  test('of an update says what was before, and there is none where nothing changed', async () => {
    const to = await receive()
    const { sdk } = await startStripe({ webhook: to.webhook })
    const { id } = await sdk.customers.create({ name: 'Ada', metadata: { a: '1', b: '2' } })
    await sdk.customers.update(id, { name: 'Ada', metadata: { a: '1' } })
    await sdk.customers.update(id, { name: 'Grace', metadata: { a: '3', c: '4' } })
    const events = await to.events(2)
    expect(events.map(({ type }) => type).sort()).toEqual(['customer.created', 'customer.updated'])
    const updated = events.find(({ type }) => type === 'customer.updated')
    expect(updated?.data).toMatchObject({
      object: { name: 'Grace' },
      previous_attributes: { name: 'Ada', metadata: { a: '1', c: null } },
    })
  })

  test('that is not taken is tried again, signed anew, and given up after the third time', async () => {
    const to = await receive(503)
    const { sdk, stripe } = await startStripe({ webhook: to.webhook, retryAfterMs: [10, 20] })
    await sdk.customers.create({ name: 'Ada' })
    await expect.poll(() => stripe.deliveries.pending().length, poll).toBe(0)
    const events = await to.events(3)
    expect(events).toHaveLength(3)
    expect(new Set(events.map(({ id }) => id)).size).toBe(1)
    expect((await sdk.events.list({ delivery_success: false })).data).toMatchObject([{ pending_webhooks: 1 }])
  })

  test('is signed with the time of each try', async () => {
    const to = await receive(503)
    const { sdk, stripe, pass } = await startStripe({ webhook: to.webhook, retryAfterMs: [60_000, 60_000] })
    await sdk.customers.create({ name: 'Ada' })
    await expect.poll(() => stripe.deliveries.pending()[0]?.attempts, poll).toBe(1)
    to.status = 200
    pass(3600)
    stripe.deliveries.bringForward(3600)
    expect(await stripe.deliveries.settle(patience())).toBe(true)
    const [first, second] = to.received.map(({ headers }) =>
      Number(/t=(\d+)/.exec(headers['stripe-signature'] as string)?.[1]),
    )
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(3600)
    expect(to.received[0]?.body).toBe(to.received[1]?.body)
    expect(stripe.deliveries.pending()).toEqual([])
  })

  test('is not taken by a redirection', async () => {
    const to = await receive(307)
    const { sdk, stripe } = await startStripe({ webhook: to.webhook, retryAfterMs: [] })
    await sdk.customers.create({ name: 'Ada' })
    await expect.poll(() => to.received.length, poll).toBe(1)
    await stripe.deliveries.settle(patience())
    expect((await sdk.events.list()).data).toMatchObject([{ pending_webhooks: 1 }])
    expect(to.received).toHaveLength(1)
  })

  test('that waits outlives the process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'frontgate-stripe-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const to = await receive()
    const first = await startStripe({ webhook: to.webhook, folder })
    first.stripe.deliveries.change({ hold: true })
    const { id } = await first.sdk.customers.create({ name: 'Ada' })
    await first.close()
    expect(to.received).toEqual([])
    const second = await startStripe({ webhook: to.webhook, folder })
    second.stripe.deliveries.release()
    expect(await to.events(1)).toMatchObject([{ data: { object: { id } } }])
    await second.stripe.deliveries.settle(patience())
    expect(second.stripe.deliveries.pending()).toEqual([])
  })

  test('can be sent once more', async () => {
    const to = await receive()
    const { sdk, stripe } = await startStripe({ webhook: to.webhook })
    await sdk.customers.create({ name: 'Ada' })
    const [event] = await to.events(1)
    stripe.deliveries.send(event?.id ?? '')
    expect((await to.events(2))[1]?.id).toBe(event?.id)
  })

  test('is not told of where there is no webhook, but listed', async () => {
    const { sdk, stripe } = await startStripe()
    await sdk.customers.create({ name: 'Ada' })
    expect(stripe.deliveries.pending()).toEqual([])
    expect((await sdk.events.list()).data).toMatchObject([{ type: 'customer.created', pending_webhooks: 0 }])
  })
})

describe('what can go wrong on the way', () => {
  test('everything is dropped, and still listed as not delivered', async () => {
    const to = await receive()
    const { sdk, stripe } = await startStripe({ webhook: to.webhook })
    stripe.deliveries.change({ drop: 1 })
    await sdk.customers.create({ name: 'Ada' })
    stripe.deliveries.change({ drop: 0 })
    await sdk.customers.create({ name: 'Grace' })
    expect(await to.events(1)).toMatchObject([{ data: { object: { name: 'Grace' } } }])
    await stripe.deliveries.settle(patience())
    expect(to.received).toHaveLength(1)
    expect((await sdk.events.list({ delivery_success: false })).data).toMatchObject([
      { data: { object: { name: 'Ada' } } },
    ])
  })

  test('everything arrives twice', async () => {
    const to = await receive()
    const { sdk, stripe } = await startStripe({ webhook: to.webhook })
    stripe.deliveries.change({ duplicate: 1 })
    await sdk.customers.create({ name: 'Ada' })
    stripe.deliveries.release()
    const [first, second] = await to.events(2)
    expect(second?.id).toBe(first?.id)
    await stripe.deliveries.settle(patience())
    expect(to.received).toHaveLength(2)
  })

  test('an event is overtaken by the next', async () => {
    const to = await receive()
    const numbers = [0.1, 0.5, 0, 0.9, 0]
    const { stripe } = await startStripe({ webhook: to.webhook, random: () => numbers.shift() ?? 0 })
    stripe.deliveries.change({ reorder: 0.5 })
    stripe.store.change(() => {
      for (const id of ['cus_first', 'cus_second']) {
        stripe.at().emit('customer.deleted', 'customer', { id, object: 'customer', deleted: true })
      }
    })
    const events = await to.events(2)
    expect(events.map(({ data }) => (data.object as Stripe.Customer).id)).toEqual(['cus_second', 'cus_first'])
  })

  test('a probability decides for each event by itself', async () => {
    const to = await receive()
    const numbers = [0.2, 0.9]
    const random = () => numbers.shift() ?? 1
    const { sdk, stripe } = await startStripe({ webhook: to.webhook, random })
    stripe.deliveries.change({ drop: 0.5 })
    await sdk.customers.create({ name: 'Ada' })
    await sdk.customers.create({ name: 'Grace' })
    expect(await to.events(1)).toMatchObject([{ data: { object: { name: 'Grace' } } }])
  })

  test('an event is late until its time is brought forward', async () => {
    const to = await receive()
    const { sdk, stripe } = await startStripe({ webhook: to.webhook })
    stripe.deliveries.change({ delay_ms: [50_000, 60_000] })
    await sdk.customers.create({ name: 'Ada' })
    await stripe.deliveries.settle(patience())
    expect(to.received).toEqual([])
    stripe.deliveries.bringForward(60)
    await stripe.deliveries.settle(patience())
    expect(to.received).toHaveLength(1)
  })

  test('what is held waits whenever it is due, until it is released', async () => {
    const to = await receive()
    const { sdk, stripe } = await startStripe({ webhook: to.webhook })
    stripe.deliveries.change({ hold: true })
    await sdk.customers.create({ name: 'Ada' })
    stripe.deliveries.bringForward(1_000_000)
    await stripe.deliveries.settle(patience())
    expect(to.received).toEqual([])
    stripe.deliveries.release()
    await stripe.deliveries.settle(patience())
    expect(to.received).toHaveLength(1)
  })
})

describe('thin notifications', () => {
  test('are parsed by the SDK, which fetches what they tell of', async () => {
    const to = await receive()
    const { sdk, stripe } = await startStripe({ webhook: to.webhook })
    stripe.deliveries.change({ thin: true })
    const { id } = await sdk.customers.create({ name: 'Ada' })
    await stripe.deliveries.settle(patience())
    await expect.poll(() => to.received.length, poll).toBe(1)
    const [message] = to.received
    const signature = message?.headers['stripe-signature'] ?? ''
    const notification = sdk.parseEventNotification(message?.body ?? '', signature, SECRET)
    expect(notification).toMatchObject({
      object: 'v2.core.event',
      type: 'v1.customer.created',
      livemode: false,
      related_object: { id, type: 'customer', url: `/v1/customers/${id}` },
    })
    if (notification.type !== 'v1.customer.created') throw new Error('It is another type')
    expect(await notification.fetchRelatedObject()).toMatchObject({ id, name: 'Ada' })
    expect(await notification.fetchEvent()).toMatchObject({
      id: notification.id,
      type: 'v1.customer.created',
    })
    expect(() => sdk.webhooks.constructEvent(message?.body ?? '', signature, SECRET)).toThrow()
  })

  test.each(['billing_portal.configuration', 'checkout.session', 'subscription_schedule'])(
    'of a %s say where it is',
    (object) => {
      const event = {
        id: 'evt_1',
        type: `${object}.updated`,
        created: 0,
        data: { object: { id: 'x', object } },
      }
      const url = `/v1/${object.replace('.', '/')}s/x`
      expect(thinNotification(event as never)).toMatchObject({ related_object: { url } })
    },
  )

  test('go beside the snapshots when both are wanted', async () => {
    const to = await receive()
    const { sdk, stripe } = await startStripe({ webhook: to.webhook })
    stripe.deliveries.change({ thin: 'both' })
    await sdk.customers.create({ name: 'Ada' })
    await expect.poll(() => to.received.length, poll).toBe(2)
    const bodies = to.received.map(
      ({ body }) => JSON.parse(body) as { id: string; object: string; snapshot_event: string },
    )
    const snapshot = bodies.find(({ object }) => object === 'event')
    const thin = bodies.find(({ object }) => object === 'v2.core.event')
    expect(thin?.snapshot_event).toBe(snapshot?.id)
    expect(thin?.id).not.toBe(snapshot?.id)
  })
})
