import { audit } from '../../audit/audit.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import type { Caller, OperatorActor, SystemActor } from '../../http/actor.ts'

/** Ends a key for good; harmless when it has ended. False when there is no such key. */
export async function revokeProductKey(
  tx: Tx,
  caller: Caller<OperatorActor | SystemActor>,
  { id, reason }: { id: string; reason: string },
  at: Date,
): Promise<boolean> {
  const { actor } = caller
  const revoked = await tx
    .updateTable('product_keys')
    .set({ revoked_at: at, revoked_by: actor.kind === 'operator' ? actor.operatorId : null })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!revoked) return isKnown(tx, id)
  changed(tx, `product-key:${revoked.id}`)
  await audit(tx, caller, { action: 'product-key.revoked', details: { product_key: revoked.id, reason } }, at)
  return true
}

async function isKnown(tx: Tx, id: string): Promise<boolean> {
  const known = await tx.selectFrom('product_keys').select('id').where('id', '=', id).executeTakeFirst()
  return known !== undefined
}
