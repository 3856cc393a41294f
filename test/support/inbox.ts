import { randomUUID } from 'node:crypto'
import { instant } from './staff.ts'
import type { TestApp } from './testApp.ts'

/** What a row of the inbox says, by its columns. */
export interface InboxFields {
  type?: string
  status?: string
  reason?: string | null
  attempts?: number
  stripe_customer_id?: string | null
  object_id?: string | null
  received_at?: string
  handled_at?: string | null
}

/** Puts an event into the inbox as one that came long ago; without fields one that is parked. Returns its id. */
export async function inInbox(t: TestApp, fields: InboxFields = {}): Promise<string> {
  const id = `evt_${randomUUID().replaceAll('-', '')}`
  const row = {
    type: 'customer.subscription.updated',
    status: 'parked',
    reason: 'Error: no such price',
    attempts: 5,
    stripe_customer_id: null,
    object_id: 'sub_1',
    received_at: instant(t),
    handled_at: null,
    ...fields,
  }
  const created = instant(t, -60)
  await t.app.db
    .insertInto('stripe_events')
    .values({ id, shape: 'snapshot', payload: JSON.stringify({ id }), created_at: created, ...row })
    .execute()
  return id
}

/** Notes a difference that was found between Stripe and here. Returns its id. */
export async function noted(
  t: TestApp,
  fields: { account_id?: string; found_at?: string } = {},
): Promise<string> {
  const id = randomUUID()
  const row = {
    found_at: instant(t),
    stripe_customer_id: 'cus_1',
    stripe_subscription_id: 'sub_1',
    kind: 'missed-change',
    details: JSON.stringify({ before: 'active', after: 'canceled' }),
    ...fields,
  }
  await t.app.db
    .insertInto('drift')
    .values({ id, ...row })
    .execute()
  return id
}
