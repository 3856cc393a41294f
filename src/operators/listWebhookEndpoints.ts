import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'
import { problem } from '../problems.ts'
import { describeEndpoint } from '../webhooks/describeEndpoint.ts'

/** A page of webhook endpoints without their secrets, the newest first. */
export async function listWebhookEndpoints(
  tx: Tx,
  caller: Caller<OperatorActor>,
  page: { limit?: number; cursor?: string },
  at: Date,
) {
  const { limit, after } = pageBounds(page)
  let query = tx.selectFrom('webhook_endpoints').selectAll()
  if (after) query = query.where((e) => e(e.refTuple('created_at', 'id'), '<', e.tuple(after.at, after.id)))
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  await audit(tx, caller, { action: 'operator.read-webhook-endpoints' }, at)
  return pageFrom(rows, limit, ({ created_at, id }) => ({ at: created_at, id }), describeEndpoint)
}

/** One of them. */
export async function getWebhookEndpoint(tx: Tx, caller: Caller<OperatorActor>, id: string, at: Date) {
  const row = await tx.selectFrom('webhook_endpoints').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw problem('not-found')
  await audit(tx, caller, { action: 'operator.read-webhook-endpoints', details: { endpoint: id } }, at)
  return describeEndpoint(row)
}
