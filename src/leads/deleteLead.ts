import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { problem } from '../problems.ts'

/** Deletes a lead, as the person may ask for. The trail keeps its id and the reason, and nothing of them. */
export async function deleteLead(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { id, reason }: { id: string; reason: string },
  at: Date,
): Promise<void> {
  const { numDeletedRows } = await tx.deleteFrom('sales_leads').where('id', '=', id).executeTakeFirst()
  if (numDeletedRows === 0n) throw problem('not-found')
  await audit(tx, caller, { action: 'lead.deleted', details: { lead: id, reason } }, at)
}
