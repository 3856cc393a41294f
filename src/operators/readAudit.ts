import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import type { Actor } from '../http/actor.ts'
import { refuseNoInstant } from '../http/instants.ts'
import type { Position } from '../http/pages.ts'
import { problem } from '../problems.ts'

/** Which entries of the trail. */
export interface AuditFilter {
  account_id?: string
  user_id?: string
  /** One, or with a dot at its end all that begin so. */
  action?: string
  actor_kind?: Actor['kind']
  actor_id?: string
  /** The address of the operator who did it, or to whom it was done. */
  operator?: string
  from?: string
  until?: string
}

/** Throws where an instant of the filter is none, or nothing can be between the two. */
export function refuseOddFilter({ from, until }: AuditFilter): void {
  for (const [name, text] of Object.entries({ from, until })) {
    if (text !== undefined) refuseNoInstant(`#/query/${name}`, new Date(text))
  }
  if (from === undefined || until === undefined || new Date(from) < new Date(until)) return
  throw problem('invalid-request', { errors: [{ pointer: '#/query/until', detail: 'must be after from' }] })
}

/** Entries after a position, or from the newest on, with the addresses of the operators in them. */
export function readAudit(
  db: Db,
  filter: AuditFilter,
  { after, limit }: { after: Position | null; limit: number },
) {
  let query = db
    .selectFrom('audit_log as l')
    .leftJoin('operators as by', (join) =>
      join.onRef('by.id', '=', 'l.actor_id').on('l.actor_kind', '=', 'operator'),
    )
    .leftJoin('operators as about', (join) =>
      join.on(sql`about.id::text`, '=', sql`l.details ->> 'operator'`).on('l.action', 'like', 'operator.%'),
    )
    .selectAll('l')
    .select(['by.email as actor_email', 'about.email as operator_email'])
  const { account_id, user_id, action, actor_kind, actor_id, operator, from, until } = filter
  if (account_id) query = query.where('l.account_id', '=', account_id)
  if (user_id) query = query.where('l.user_id', '=', user_id)
  if (action) query = query.where('l.action', action.endsWith('.') ? 'like' : '=', patternOf(action))
  if (actor_kind) query = query.where('l.actor_kind', '=', actor_kind)
  if (actor_id) query = query.where('l.actor_id', '=', actor_id)
  if (operator) {
    query = query.where((e) => e.or([e('by.email', '=', operator), e('about.email', '=', operator)]))
  }
  if (from) query = query.where('l.at', '>=', new Date(from))
  if (until) query = query.where('l.at', '<', new Date(until))
  if (after) query = query.where((e) => e(e.refTuple('l.at', 'l.id'), '<', e.tuple(after.at, after.id)))
  return query.orderBy('l.at', 'desc').orderBy('l.id', 'desc').limit(limit).execute()
}

/** An entry as it was read. */
export type AuditRow = Awaited<ReturnType<typeof readAudit>>[number]

/** An entry in the words of the wire. */
export function describeAuditEntry({ at, ...entry }: AuditRow) {
  return { ...entry, at: at.toISOString() }
}

/** Names of actions have nothing in them that LIKE reads otherwise. */
function patternOf(action: string): string {
  return action.endsWith('.') ? `${action}%` : action
}
