import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'
import { type AuditFilter, describeAuditEntry, readAudit, refuseOddFilter } from './readAudit.ts'

/** A page of the audit trail, the newest first. Who reads it is noted in it. */
export async function listAudit(
  tx: Tx,
  caller: Caller<OperatorActor>,
  asked: AuditFilter & { limit?: number; cursor?: string },
  at: Date,
) {
  const { limit: _limit, cursor: _cursor, ...filter } = asked
  refuseOddFilter(filter)
  const { limit, after } = pageBounds(asked)
  const [rows] = await Promise.all([
    readAudit(tx, filter, { after, limit: limit + 1 }),
    audit(tx, caller, { action: 'operator.read-audit', details: detailsOf(filter) }, at),
  ])
  return pageFrom(rows, limit, ({ at, id }) => ({ at, id }), describeAuditEntry)
}

/** What of a filter is written to the trail: addresses are not. */
export function detailsOf({ operator, ...filter }: AuditFilter): Record<string, unknown> {
  return { ...filter, ...(operator !== undefined && { by_operator: true }) }
}
