import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { lockEndpoint } from './endpoints.ts'
import { addSecret } from './secrets.ts'

/**
 * Gives an endpoint another secret and returns it, the only time that it is shown. The one before signs too for so many
 * hours, and those before that no longer than they would have.
 */
export async function rollSecret(
  tx: Tx,
  config: Config,
  caller: Caller<OperatorActor>,
  { id, overlapHours, reason }: { id: string; overlapHours: number; reason: string },
  at: Date,
): Promise<string> {
  await lockEndpoint(tx, id)
  const until = new Date(at.getTime() + overlapHours * 3_600_000)
  await tx
    .updateTable('webhook_secrets')
    .set((e) => ({ until_at: e.fn<Date>('least', ['until_at', e.val(until)]) }))
    .where('endpoint_id', '=', id)
    .execute()
  const secret = await addSecret(tx, config, id, at)
  const details = { endpoint: id, overlap_hours: overlapHours, reason }
  await audit(tx, caller, { action: 'webhook-endpoint.secret-rolled', details }, at)
  return secret
}
