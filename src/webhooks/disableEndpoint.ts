import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import { systemCaller } from '../http/actor.ts'

/** It answered 410, or has failed for days. */
export const FAILURES_THAT_DISABLE = ['gone', 'failing'] as const
type FailureThatDisables = (typeof FAILURES_THAT_DISABLE)[number]

/** Why an endpoint is sent nothing: an operator said so, or it failed. */
export type DisabledBecause = 'operator' | FailureThatDisables

/** Disables an endpoint that does not take what it is sent, and notes so; false when it is disabled already. */
export async function disableEndpoint(
  tx: Tx,
  endpointId: string,
  because: FailureThatDisables,
  at: Date,
): Promise<boolean> {
  if (!(await disable(tx, endpointId, because, at))) return false
  const details = { endpoint: endpointId, because }
  await audit(tx, systemCaller, { action: 'webhook-endpoint.disabled', details }, at)
  return true
}

/** Sends an endpoint nothing from now on, and gives up what waits for it; false when that is so already. */
export async function disable(
  tx: Tx,
  endpointId: string,
  because: DisabledBecause,
  at: Date,
): Promise<boolean> {
  // Whoever writes deliveries holds the endpoint meanwhile: they are waited for, and given up with the others.
  await tx.selectFrom('webhook_endpoints').select('id').where('id', '=', endpointId).forUpdate().execute()
  const disabled = await tx
    .updateTable('webhook_endpoints')
    .set({ disabled_at: at, disabled_because: because })
    .where('id', '=', endpointId)
    .where('disabled_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!disabled) return false
  await tx
    .updateTable('webhook_deliveries')
    .set({ state: 'failed', next_attempt_at: null, given_up_at: at, last_outcome: 'endpoint-disabled' })
    .where('endpoint_id', '=', endpointId)
    .where('state', '=', 'waiting')
    .execute()
  return true
}
