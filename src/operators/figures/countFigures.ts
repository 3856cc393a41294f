import { sql } from 'kysely'
import type { Tx } from '../../db/transaction.ts'
import type { FigurePeriod } from './rules.ts'

/** What is counted by periods. */
const counted = [
  'sign_ups',
  'trials_started',
  'trials_ended',
  'trials_converted',
  'subscriptions_started',
  'subscriptions_ended',
] as const
type Counted = (typeof counted)[number]

/** What happened in one period. */
export type Figures = { start: Date } & Record<Counted, number>

/** How many accounts there are, and how many of them in each state. */
export interface Totals {
  accounts: number
  trialing: number
  paying: number
  complimentary: number
  past_due: number
}

/** Counts what happened in each of these periods, by the rows that say so; nothing of what is to come after `at`. */
export async function countFigures(
  tx: Tx,
  { per, starts, end }: { per: FigurePeriod; starts: Date[]; end: Date },
  at: Date,
): Promise<Figures[]> {
  const [from = end] = starts
  // In a period, and not in the future, as the ends of most trials are.
  const isIn = (column: string) =>
    sql`${sql.ref(column)} >= ${from} and ${sql.ref(column)} < ${end} and ${sql.ref(column)} <= ${at}`
  const startOf = (column: string) => sql`date_trunc(${per}::text, ${sql.ref(column)}, 'UTC')`
  const { rows } = await sql<{ what: Counted; start: Date; count: number }>`
    select 'sign_ups' as what, ${startOf('created_at')} as start, count(*) as count
      from accounts where ${isIn('created_at')} group by 2
    union all
    select 'trials_started', ${startOf('g.from_at')}, count(*)
      from grants g where g.source = 'trial' and ${isIn('g.from_at')} and g.until_at > g.from_at
        and not exists (${otherTrial} and (o.from_at, o.id) < (g.from_at, g.id))
      group by 2
    union all
    select 'trials_ended', ${startOf('g.until_at')}, count(*)
      from grants g where g.source = 'trial' and ${isIn('g.until_at')} and g.until_at > g.from_at
        and not exists (${otherTrial} and (o.until_at, o.id) > (g.until_at, g.id))
      group by 2
    union all
    select 'trials_converted', ${startOf('s.created_at')}, count(*)
      from subscriptions s where ${isIn('s.created_at')} and ${isBought('s')}
        and not exists (select from subscriptions o where o.account_id = s.account_id and ${isBought('o')}
          and (o.created_at, o.stripe_subscription_id) < (s.created_at, s.stripe_subscription_id))
        and exists (select from grants g where g.account_id = s.account_id and g.source = 'trial'
          and g.from_at <= s.created_at and g.until_at > g.from_at)
      group by 2
    union all
    select 'subscriptions_started', ${startOf('s.created_at')}, count(*)
      from subscriptions s where ${isIn('s.created_at')} and ${isBought('s')} group by 2
    union all
    select 'subscriptions_ended', ${startOf('s.ended_at')}, count(*)
      from subscriptions s where ${isIn('s.ended_at')} and ${isBought('s')} group by 2`.execute(tx)
  const found = new Map(rows.map(({ what, start, count }) => [`${what} ${start.getTime()}`, count]))
  return starts.map((start) => ({
    start,
    ...(Object.fromEntries(
      counted.map((what) => [what, found.get(`${what} ${start.getTime()}`) ?? 0]),
    ) as Record<Counted, number>),
  }))
}

/** Another trial of the same account: it has one that goes from the first to the last, however often it was extended. */
const otherTrial = sql`select from grants o where o.account_id = g.account_id and o.source = 'trial' and o.until_at > o.from_at`

/** Its first payment was not left undone. */
const isBought = (table: string) =>
  sql`${sql.ref(`${table}.status`)} not in ('incomplete', 'incomplete_expired')`

/**
 * Counts the accounts that are open by the status that each is shown, as `shownStatus` of billing has it, of all of them
 * in one statement.
 */
export async function countTotals(tx: Tx, at: Date): Promise<Totals> {
  const { rows } = await sql<Totals>`
    with given as (
      select account_id, bool_or(source = 'complimentary') as is_complimentary
      from grants
      where source in ('complimentary', 'trial') and from_at <= ${at} and (until_at is null or until_at > ${at})
      group by account_id
    ), held as (
      select account_id, status, is_live from subscriptions where is_shown
    ), shown as (
      select account_id, case
          when held.account_id is not null and (is_live or is_complimentary is not true) then status
          when is_complimentary then 'complimentary'
          else 'trialing' end as status
      from given full join held using (account_id)
    )
    select
      (select count(*) from accounts where closed_at is null) as accounts,
      count(*) filter (where s.status = 'trialing') as trialing,
      count(*) filter (where s.status = 'active') as paying,
      count(*) filter (where s.status = 'complimentary') as complimentary,
      count(*) filter (where s.status = 'past_due') as past_due
    from shown s
    -- Few are closed, so it is less to leave these out than to look up all that are open.
    where not exists (select from accounts a where a.id = s.account_id and a.closed_at is not null)`.execute(
    tx,
  )
  const [totals] = rows
  if (!totals) throw new Error('A count answered nothing')
  return totals
}
