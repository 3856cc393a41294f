import { audit } from '../audit/audit.ts'
import type { KeptEvent } from '../billing/events/replayEvent.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'

/** Which events, by what became of them, customer or type, and which page of them. */
export interface EventFilter {
  status?: string
  customer?: string
  type?: string
  limit?: number
  cursor?: string
}

/** How Stripe's ids of events are written. */
export const EVENT_ID = /^evt_[\w-]{1,250}$/

/** A page of Stripe's events as they came in, the newest first, and what became of them. */
export async function listStripeEvents(tx: Tx, caller: Caller<OperatorActor>, filter: EventFilter, at: Date) {
  const { limit, after } = pageBounds(filter, (id) => EVENT_ID.test(id))
  let query = tx
    .selectFrom('stripe_events')
    .select(['id', 'type', 'shape', 'status', 'reason', 'attempts', 'stripe_customer_id', 'object_id'])
    .select(['created_at', 'received_at', 'handled_at'])
  if (filter.status) query = query.where('status', '=', filter.status)
  if (filter.customer) query = query.where('stripe_customer_id', '=', filter.customer)
  if (filter.type) query = query.where('type', '=', filter.type)
  if (after) query = query.where((e) => e(e.refTuple('received_at', 'id'), '<', e.tuple(after.at, after.id)))
  const rows = await query
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const { status, customer, type } = filter
  await audit(tx, caller, { action: 'operator.read-stripe-events', details: { status, customer, type } }, at)
  return pageFrom(rows, limit, ({ received_at, id }) => ({ at: received_at, id }), describeEvent)
}

/** An event in the words of the wire. */
export function describeEvent({ created_at, received_at, handled_at, ...event }: KeptEvent) {
  return {
    ...event,
    created_at: created_at.toISOString(),
    received_at: received_at.toISOString(),
    handled_at: handled_at?.toISOString() ?? null,
  }
}
