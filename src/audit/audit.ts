import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { Db } from '../db/database.ts'
import type { Actor, Caller } from '../http/actor.ts'

/** One line of the trail: what happened, by whom, to whom. `details` hold ids and words, never secrets or addresses. */
export interface AuditEntry {
  action: string
  accountId?: string | null
  userId?: string | null
  details?: Record<string, unknown>
}

/** Writes to the trail, in the transaction of what it tells of; a refusal is written on its own, with `db`. */
export async function audit(db: Db, caller: Caller, entry: AuditEntry, at: Date): Promise<void> {
  const { actor, ip, userAgent, requestId } = caller
  await db
    .insertInto('audit_log')
    .values({
      id: uuidv7(),
      at,
      action: entry.action,
      actor_kind: actor.kind,
      actor_id: idOf(actor),
      account_id: entry.accountId ?? null,
      user_id: entry.userId ?? null,
      details: JSON.stringify(entry.details ?? {}),
      ip,
      user_agent: userAgent,
      request_id: requestId,
    })
    .execute()
}

/** The same for many lines, in one statement. */
export async function auditAll(db: Db, caller: Caller, entries: AuditEntry[], at: Date): Promise<void> {
  if (entries.length === 0) return
  const { actor, ip, userAgent, requestId } = caller
  await sql`
    insert into audit_log (id, at, action, actor_kind, actor_id, account_id, user_id, details, ip, user_agent, request_id)
    select id, ${at}, action, ${actor.kind}, ${idOf(actor)}, account_id, user_id, details, ${ip}, ${userAgent}, ${requestId}
    from unnest(
      ${entries.map(() => uuidv7())}::uuid[], ${entries.map(({ action }) => action)}::text[],
      ${entries.map(({ accountId }) => accountId ?? null)}::uuid[],
      ${entries.map(({ userId }) => userId ?? null)}::uuid[],
      ${entries.map(({ details }) => JSON.stringify(details ?? {}))}::jsonb[]
    ) as entry(id, action, account_id, user_id, details)`.execute(db)
}

function idOf(actor: Actor): string | null {
  switch (actor.kind) {
    case 'user':
      return actor.userId
    case 'product-key':
      return actor.keyId
    case 'operator':
      return actor.operatorId
    default:
      return null
  }
}
