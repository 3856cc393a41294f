import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'

/** A page of what Stripe held and no event had told of, the newest first. */
export async function listDrift(
  tx: Tx,
  caller: Caller<OperatorActor>,
  page: { limit?: number; cursor?: string },
  at: Date,
) {
  const { limit, after } = pageBounds(page)
  let query = tx.selectFrom('drift').selectAll()
  if (after) query = query.where((e) => e(e.refTuple('found_at', 'id'), '<', e.tuple(after.at, after.id)))
  const rows = await query
    .orderBy('found_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  await audit(tx, caller, { action: 'operator.read-drift' }, at)
  return pageFrom(
    rows,
    limit,
    ({ found_at, id }) => ({ at: found_at, id }),
    (row) => ({ ...row, found_at: row.found_at.toISOString() }),
  )
}
