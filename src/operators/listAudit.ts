import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'

/** Which entries of the trail, and which page of them. */
export interface AuditFilter {
  account_id?: string
  user_id?: string
  action?: string
  limit?: number
  cursor?: string
}

/** A page of the audit trail, the newest first. Who reads it is noted in it. */
export async function listAudit(tx: Tx, caller: Caller<OperatorActor>, filter: AuditFilter, at: Date) {
  const { limit, after } = pageBounds(filter)
  let query = tx.selectFrom('audit_log').selectAll()
  if (filter.account_id) query = query.where('account_id', '=', filter.account_id)
  if (filter.user_id) query = query.where('user_id', '=', filter.user_id)
  if (filter.action) query = query.where('action', '=', filter.action)
  if (after) query = query.where((e) => e(e.refTuple('at', 'id'), '<', e.tuple(after.at, after.id)))
  const rows = await query
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const { account_id, user_id, action } = filter
  await audit(tx, caller, { action: 'operator.read-audit', details: { account_id, user_id, action } }, at)
  return pageFrom(
    rows,
    limit,
    ({ at, id }) => ({ at, id }),
    (row) => ({ ...row, at: row.at.toISOString() }),
  )
}
