import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'
import { deliveries, describeDelivery } from '../webhooks/deliveries.ts'

/** Which deliveries, by endpoint, by what became of them or by account, and which page of them. */
export interface DeliveryFilter {
  endpoint_id?: string
  state?: string
  account_id?: string
  limit?: number
  cursor?: string
}

/** A page of what was sent to endpoints or waits to be, the newest first. What is in the messages is not shown. */
export async function listWebhookDeliveries(
  tx: Tx,
  caller: Caller<OperatorActor>,
  filter: DeliveryFilter,
  at: Date,
) {
  const { limit, after } = pageBounds(filter)
  const { endpoint_id, state, account_id } = filter
  let query = deliveries(tx)
  if (endpoint_id) query = query.where('d.endpoint_id', '=', endpoint_id)
  if (state) query = query.where('d.state', '=', state)
  if (account_id) query = query.where('m.account_id', '=', account_id)
  if (after) {
    query = query.where((e) => e(e.refTuple('d.created_at', 'd.id'), '<', e.tuple(after.at, after.id)))
  }
  const rows = await query
    .orderBy('d.created_at', 'desc')
    .orderBy('d.id', 'desc')
    .limit(limit + 1)
    .execute()
  const details = { endpoint_id, state }
  const entry = { action: 'operator.read-webhook-deliveries', accountId: account_id ?? null, details }
  await audit(tx, caller, entry, at)
  return pageFrom(rows, limit, ({ created_at, id }) => ({ at: created_at, id }), describeDelivery)
}
