import { type RawBuilder, sql } from 'kysely'
import { audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { type Position, pageBounds, pageFrom } from '../http/pages.ts'
import { problem } from '../problems.ts'

/** How reading an account is called in the trail; its timeline leaves it out. */
export const READ = 'operator.read-account'

/** What is in a timeline, of whichever kind. */
export interface TimelineEntry {
  id: string
  at: Date
  kind: 'audit' | 'stripe-event' | 'mail' | 'grant'
  /** The rest of the entry. Instants in it are as PostgreSQL writes them into JSON. */
  rest: Record<string, unknown>
}

/** A page of all that happened to an account, the newest first. Who reads it is noted in the trail. */
export async function listTimeline(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { accountId, ...page }: { accountId: string; limit?: number; cursor?: string },
  at: Date,
) {
  const { limit, after } = pageBounds(page, (id) => ENTRY_ID.test(id))
  const [account, entries] = await Promise.all([
    tx.selectFrom('accounts').select('id').where('id', '=', accountId).executeTakeFirst(),
    readTimeline(tx, accountId, { limit: limit + 1, after }),
  ])
  if (!account) throw problem('not-found')
  await audit(tx, caller, { action: READ, accountId }, at)
  return timelinePage(entries, limit)
}

/** Our own ids, and those of Stripe's events. */
const ENTRY_ID = /^[\w-]{1,255}$/

/** Shapes what was read, one more than the page holds, for the wire. */
export function timelinePage(entries: TimelineEntry[], limit: number) {
  return pageFrom(entries, limit, ({ at, id }) => ({ at, id }), describeEntry)
}

/**
 * What happened to an account, the newest first: its trail, events at Stripe, mails about it, mails to its members that are
 * about no account, and grants. Of each kind no more than the page holds is read, and of members' mails no more than that of
 * as many members: one whose newest is older than those of so many others has none in it.
 */
export async function readTimeline(
  db: Db,
  accountId: string,
  { limit, after }: { limit: number; after: Position | null },
): Promise<TimelineEntry[]> {
  const isAfter = (at: RawBuilder<unknown>, id: RawBuilder<unknown>) =>
    after
      ? sql`${at} <= ${after.at} and (${at} < ${after.at} or ${id}::text collate "C" < ${after.id})`
      : sql`true`
  const newest = (at: RawBuilder<unknown>, id: RawBuilder<unknown>) =>
    sql`${isAfter(at, id)} order by ${at} desc, ${id} desc limit ${limit}`
  const mail = sql`m.id::text, m.created_at, 'mail',
    json_build_object('template', m.template, 'status', m.status, 'user_id', m.user_id)`
  const isOwn = (userId: RawBuilder<unknown>) => sql`m.user_id = ${userId} and m.account_id is null`
  const { rows } = await sql<TimelineEntry>`
    select * from (
      (select l.id::text as id, l.at, 'audit' as kind, json_build_object('action', l.action, 'actor_kind', l.actor_kind,
          'actor_id', l.actor_id, 'actor_email', o.email, 'user_id', l.user_id, 'details', l.details) as rest
        from audit_log l left join operators o on l.actor_kind = 'operator' and o.id = l.actor_id
        where l.account_id = ${accountId} and l.action <> ${READ} and ${newest(sql`l.at`, sql`l.id`)})
      union all
      (select e.* from stripe_customers c cross join lateral (
          select e.id, e.received_at, 'stripe-event',
            json_build_object('event_id', e.id, 'type', e.type, 'status', e.status)
          from stripe_events e
          where e.stripe_customer_id = c.stripe_customer_id
            and ${newest(sql`e.received_at`, sql`e.id`)}) e
        where c.account_id = ${accountId})
      union all
      (select ${mail} from mail_log m
        where m.account_id = ${accountId} and ${newest(sql`m.created_at`, sql`m.id`)})
      union all
      (select ${mail} from (
          select m.* from (
            select b.user_id from members b cross join lateral (
              select m.created_at, m.id from mail_log m
              where ${isOwn(sql`b.user_id`)} and ${isAfter(sql`m.created_at`, sql`m.id`)}
              order by m.created_at desc, m.id desc limit 1) m
            where b.account_id = ${accountId}
            order by m.created_at desc, m.id desc limit ${limit}) latest
          cross join lateral (
            select m.* from mail_log m
            where ${isOwn(sql`latest.user_id`)} and ${newest(sql`m.created_at`, sql`m.id`)}) m
          order by m.created_at desc, m.id desc limit ${limit}) m)
      union all
      (select g.id::text, g.created_at, 'grant', json_build_object('grant_id', g.id, 'source', g.source, 'plan', g.plan,
          'from', g.from_at, 'until', g.until_at, 'reason', g.reason)
        from grants g
        where g.account_id = ${accountId} and ${newest(sql`g.created_at`, sql`g.id`)})
    ) entries
    order by at desc, id collate "C" desc limit ${limit}`.execute(db)
  return rows
}

function describeEntry({ id, at, kind, rest }: TimelineEntry) {
  const entry = { id, at: at.toISOString(), kind, ...rest }
  return kind === 'grant' ? { ...entry, from: instantOf(rest.from), until: instantOf(rest.until) } : entry
}

function instantOf(text: unknown): string | null {
  return text === null ? null : new Date(String(text)).toISOString()
}
