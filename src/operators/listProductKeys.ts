import { describeProductKey } from '../access/productKeys/describeProductKey.ts'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'

/** A page of product keys as far as they may be shown, revoked ones too, the newest first. */
export async function listProductKeys(
  tx: Tx,
  caller: Caller<OperatorActor>,
  page: { limit?: number; cursor?: string },
  at: Date,
) {
  const { limit, after } = pageBounds(page)
  let query = tx.selectFrom('product_keys').selectAll()
  if (after) query = query.where((e) => e(e.refTuple('created_at', 'id'), '<', e.tuple(after.at, after.id)))
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  await audit(tx, caller, { action: 'operator.read-product-keys' }, at)
  return pageFrom(rows, limit, ({ created_at, id }) => ({ at: created_at, id }), describeProductKey)
}
