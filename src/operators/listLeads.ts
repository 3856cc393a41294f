import type { Selectable } from 'kysely'
import { audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import type { SalesLeads } from '../db/tables.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { type Position, pageBounds, pageFrom } from '../http/pages.ts'

/** Which leads, and which page of them; without `spam` those that a person seems to have written. */
export interface LeadFilter {
  spam?: boolean
  limit?: number
  cursor?: string
}

/** A page of the leads that a person seems to have written, or of the others, the newest first. Who reads it is noted in the trail. */
export async function listLeads(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { spam = false, ...page }: LeadFilter,
  at: Date,
) {
  const { limit, after } = pageBounds(page)
  const [rows] = await Promise.all([
    readLeads(tx, { spam, after, limit: limit + 1 }),
    audit(tx, caller, { action: 'operator.read-leads', details: { spam } }, at),
  ])
  return pageFrom(rows, limit, positionOf, describeLead)
}

/** Leads after a position, or from the newest on. */
export function readLeads(
  db: Db,
  { spam, after, limit }: { spam: boolean; after: Position | null; limit: number },
): Promise<Selectable<SalesLeads>[]> {
  let query = db
    .selectFrom('sales_leads')
    .selectAll()
    .where('spam_reason', spam ? 'is not' : 'is', null)
  if (after) query = query.where((e) => e(e.refTuple('created_at', 'id'), '<', e.tuple(after.at, after.id)))
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

/** Where a lead stands in the list. */
export function positionOf({ created_at: at, id }: Selectable<SalesLeads>): Position {
  return { at, id }
}

function describeLead({ created_at, mailed_at, ...lead }: Selectable<SalesLeads>) {
  return { ...lead, created_at: created_at.toISOString(), mailed_at: mailed_at?.toISOString() ?? null }
}
