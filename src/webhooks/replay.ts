import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { deliveries, describeDelivery } from './deliveries.ts'
import { lockEnabledEndpoint } from './endpoints.ts'
import { promiseDelivery } from './postMessage.ts'

const again = (at: Date) => ({
  state: 'waiting',
  attempts: 0,
  next_attempt_at: at,
  delivered_at: null,
  given_up_at: null,
})

/** Sends a message to an endpoint once more, whatever had become of it: the same bytes under the same id. */
export async function replayDelivery(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { id, reason }: { id: string; reason: string | null },
  at: Date,
) {
  const before = await tx
    .selectFrom('webhook_deliveries')
    .select('endpoint_id')
    .where('id', '=', id)
    .executeTakeFirst()
  if (!before) throw problem('not-found')
  const { endpoint_id: endpoint } = before
  await lockEnabledEndpoint(tx, endpoint)
  await tx.updateTable('webhook_deliveries').set(again(at)).where('id', '=', id).execute()
  await promiseDelivery(tx, endpoint)
  const row = await deliveries(tx).where('d.id', '=', id).executeTakeFirst()
  if (!row) throw problem('not-found')
  const details = { endpoint, delivery: id, reason }
  await audit(tx, caller, { action: 'webhook-delivery.replayed', accountId: row.account_id, details }, at)
  return describeDelivery(row)
}

/** Sends an endpoint all that was given up of messages since an instant; how many there are. */
export async function replayFailed(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { endpoint, since, reason }: { endpoint: string; since: Date; reason: string },
  at: Date,
): Promise<number> {
  await lockEnabledEndpoint(tx, endpoint)
  const { numUpdatedRows } = await tx
    .updateTable('webhook_deliveries')
    .set(again(at))
    .where('endpoint_id', '=', endpoint)
    .where('state', '=', 'failed')
    .where('created_at', '>=', since)
    .executeTakeFirstOrThrow()
  await promiseDelivery(tx, endpoint)
  const replayed = Number(numUpdatedRows)
  const details = { endpoint, since: since.toISOString(), replayed, reason }
  await audit(tx, caller, { action: 'webhook-endpoint.replayed', details }, at)
  return replayed
}
