import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type InboxFields, inInbox, noted } from '../support/inbox.ts'
import { customerOf } from '../support/mirrored.ts'
import { operatorToken, register } from '../support/people.ts'
import { instant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
let as: string
beforeAll(async () => {
  // No worker: what is promised can be seen waiting.
  t = await startTestApp({}, { work: false })
  as = await operatorToken(t)
})
afterAll(() => t.close())

const get = (url: string, on = t, token = as) => on.call('GET', url, { as: token })
const list = (query: string) => get(`/v1/operator/stripe-events?${query}`)
const idsIn = ({ body }: { body: { data: { id: string }[] } }) => body.data.map(({ id }) => id)
const replay = (id: string, body?: object) =>
  t.call('POST', `/v1/operator/stripe-events/${id}/replay`, { as, ...(body && { body }) })

async function promised(key: string) {
  const { rows } = await t.app.pool.query(
    `select task_identifier as job, payload from graphile_worker.jobs j
     join graphile_worker._private_jobs p using (id) where j.key = $1`,
    [key],
  )
  return rows
}

async function lastOfTrail(action: string) {
  const { body } = await get(`/v1/operator/audit?action=${action}&limit=1`)
  return body.data[0]
}

describe('listStripeEvents', () => {
  test('200: what came in and what became of it, without what Stripe sent', async () => {
    const handled = { status: 'handled', reason: null, attempts: 0, handled_at: instant(t, 2) }
    const id = await inInbox(t, { ...handled, stripe_customer_id: 'cus_shown', received_at: instant(t, 1) })
    const { status, body } = await list('customer=cus_shown')
    expect(status).toBe(200)
    expect(body).toEqual({
      data: [
        {
          id,
          type: 'customer.subscription.updated',
          shape: 'snapshot',
          status: 'handled',
          reason: null,
          attempts: 0,
          stripe_customer_id: 'cus_shown',
          object_id: 'sub_1',
          created_at: instant(t, -60),
          received_at: instant(t, 1),
          handled_at: instant(t, 2),
        },
      ],
      next_cursor: null,
    })
  })

  test('by status, customer and type, together and apart', async () => {
    const customer = 'cus_filtered'
    const one = (fields: InboxFields) => inInbox(t, { stripe_customer_id: customer, ...fields })
    const paid = await one({ type: 'invoice.paid', status: 'handled' })
    const failed = await one({ type: 'invoice.payment_failed', status: 'parked' })
    const other = await inInbox(t, {
      type: 'invoice.paid',
      status: 'parked',
      stripe_customer_id: 'cus_other',
    })
    const ids = async (query: string) => idsIn(await list(query)).sort()
    expect(await ids(`customer=${customer}`)).toEqual([paid, failed].sort())
    expect(await ids('type=invoice.paid')).toEqual([paid, other].sort())
    expect(await ids(`customer=${customer}&status=parked`)).toEqual([failed])
    expect(await ids(`customer=${customer}&status=ignored`)).toEqual([])
    expect(await ids('type=invoice')).toEqual([])
    expect(await lastOfTrail('operator.read-stripe-events')).toMatchObject({ details: { type: 'invoice' } })
  })

  test('every event once, the newest first, page by page, also of one instant', async () => {
    const own = await startTestAppWith({}, { work: false })
    const token = await operatorToken(own)
    const seconds = [5, 5, 5, 4, 4, 3, 1]
    for (const second of seconds) await inInbox(own, { received_at: instant(own, second) })
    const seen: { id: string; received_at: string }[] = []
    let cursor = ''
    do {
      const { body } = await get(`/v1/operator/stripe-events?limit=2${cursor}`, own, token)
      seen.push(...body.data)
      cursor = body.next_cursor ? `&cursor=${body.next_cursor}` : ''
    } while (cursor)
    expect(seen.map(({ received_at }) => received_at)).toEqual(seconds.map((second) => instant(own, second)))
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seconds.length)
  })

  const encode = (text: string) => Buffer.from(text).toString('base64url')
  test.each([
    'nonsense',
    encode('0'),
    encode('0 evt_'),
    encode('0 0198c0de-0000-7000-8000-000000000000'),
    encode('0 evt_1 more'),
    encode('0 evt_\0'),
    encode('0 evt_\n1'),
    encode("0 evt_1'--"),
    encode(`99999999999999999999 evt_1`),
    encode('x evt_1'),
    '%FF%FE',
  ])('422: a cursor that is none of this list (%s)', async (cursor) => {
    const { status, body } = await list(`cursor=${cursor}`)
    expect([status, body.code]).toEqual([422, 'invalid-request'])
    expect(body.errors[0].pointer).toBe('#/query/cursor')
  })

  test.each(['status=new', 'limit=0', 'customer=', 'customer=%00', 'type=', 'shape=thin'])(
    '422: %s',
    async (query) => {
      expect((await list(query)).status).toBe(422)
    },
  )
})

describe('replayStripeEvent', () => {
  const cases: [string, InboxFields][] = [
    ['parked', {}],
    ['handled', { status: 'handled', reason: null, attempts: 0, handled_at: '2026-01-01T00:00:00Z' }],
    ['ignored', { status: 'ignored', reason: 'unknown-customer', attempts: 0 }],
    ['received, and forgotten', { status: 'received', reason: 'No answer', attempts: 2 }],
  ]
  test.each(cases)(
    '202: one of our customer’s that was %s, which is looked at again',
    async (_name, fields) => {
      const { accountId } = await register(t)
      const customer = await customerOf(t, accountId)
      const id = await inInbox(t, { ...fields, stripe_customer_id: customer })
      const reply = await replay(id, { reason: 'The price is there now' })
      expect(reply.status).toBe(202)
      const waits = { id, status: 'received', reason: null, attempts: 0, handled_at: null }
      expect(reply.body).toMatchObject(waits)
      expect((await list(`customer=${customer}`)).body.data).toMatchObject([waits])
      expect(await promised(`project ${customer}`)).toEqual([
        { job: 'billing.project', payload: { customer } },
      ])
      expect(await lastOfTrail('stripe-event.replayed')).toMatchObject({
        actor_kind: 'operator',
        account_id: accountId,
        details: {
          event: id,
          type: 'customer.subscription.updated',
          status_before: fields.status ?? 'parked',
          reason: 'The price is there now',
        },
      })
    },
  )

  test('twice, and many of one customer, promise one look', async () => {
    const customer = await customerOf(t, (await register(t)).accountId)
    const ids = [
      await inInbox(t, { stripe_customer_id: customer }),
      await inInbox(t, { stripe_customer_id: customer }),
    ]
    for (const id of [...ids, ...ids]) expect((await replay(id)).status).toBe(202)
    expect(await promised(`project ${customer}`)).toHaveLength(1)
  })

  test.each([
    ['of nobody', null],
    ['of a customer that was not ours', 'cus_stranger'],
  ])('202: one %s, whose it is is found out again', async (_name, customer) => {
    const ignored = { status: 'ignored', reason: 'no-customer', attempts: 0 }
    const id = await inInbox(t, { ...ignored, stripe_customer_id: customer })
    expect((await replay(id)).body).toMatchObject({ id, status: 'received', stripe_customer_id: customer })
    expect(await promised(`stripe-event ${id}`)).toEqual([
      { job: 'billing.resolve-event', payload: { event: id } },
    ])
    expect(await lastOfTrail('stripe-event.replayed')).toMatchObject({ account_id: null })
  })

  test('404: no such event', async () => {
    const reply = await replay('evt_that_never_was')
    expect([reply.status, reply.body.code]).toEqual([404, 'not-found'])
  })

  test.each(['x', 'evt_', 'sub_1', 'evt_1%00', `evt_${'x'.repeat(251)}`])(
    '422: %s is no event',
    async (id) => {
      const reply = await replay(id)
      expect([reply.status, reply.body.errors[0].pointer]).toEqual([422, '#/params/id'])
    },
  )

  test('422: an empty reason', async () => {
    expect((await replay(await inInbox(t), { reason: ' ' })).status).toBe(422)
  })
})

describe('listDrift', () => {
  test('200: what was found, the newest first, page by page', async () => {
    const { accountId } = await register(t)
    const older = await noted(t, { account_id: accountId, found_at: instant(t, -60) })
    const newer = await noted(t)
    const first = await get('/v1/operator/drift?limit=1')
    expect(idsIn(first)).toEqual([newer])
    const second = await get(`/v1/operator/drift?limit=1&cursor=${first.body.next_cursor}`)
    expect(second.body).toEqual({
      data: [
        {
          id: older,
          found_at: instant(t, -60),
          account_id: accountId,
          stripe_customer_id: 'cus_1',
          stripe_subscription_id: 'sub_1',
          kind: 'missed-change',
          details: { before: 'active', after: 'canceled' },
        },
      ],
      next_cursor: null,
    })
    expect(await lastOfTrail('operator.read-drift')).toMatchObject({ actor_kind: 'operator' })
  })

  test('422: the cursor of another list', async () => {
    await inInbox(t)
    await inInbox(t)
    const { body } = await list('limit=1')
    expect((await get(`/v1/operator/drift?cursor=${body.next_cursor}`)).status).toBe(422)
  })
})
