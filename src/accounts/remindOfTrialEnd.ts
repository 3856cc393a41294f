import { sql } from 'kysely'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { queueMail } from '../mail/queueMail.ts'

const DAY = 86_400_000
const DAYS_BEFORE = [3, 1]
const BATCH = 500

interface Due {
  account_id: string
  account_name: string
  plan_name: string
  until_at: Date
  days: number
  once_key: string
  user_id: string
  email: string
  user_name: string | null
  verified: boolean
}

/**
 * Mails owners three days and one day before the account's trial ends. One mail per owner, end and distance:
 * running twice, or in two workers, sends nothing twice, and an extended trial is told of again.
 */
export async function remindOfTrialEnd(app: App, at: Date): Promise<void> {
  for (;;) {
    const due = await dueReminders(app, at)
    for (const reminder of due) await inTx(app, (tx) => queueMail(tx, mailOf(reminder), at))
    if (due.length < BATCH) return
  }
}

/** Of two distances that are both due, as after an outage, only the shorter is told of. */
async function dueReminders(app: App, at: Date): Promise<Due[]> {
  const [longest = 0] = DAYS_BEFORE
  const { rows } = await sql<Due>`
    select a.id as account_id, a.name as account_name, p.display_name as plan_name, g.until_at, d.days,
      k.once_key, u.id as user_id, u.email, u.name as user_name, u.email_verified_at is not null as verified
    from grants g
    join accounts a on a.id = g.account_id and a.closed_at is null
    join plans p on p.plan = g.plan
    join lateral (
      select min(days) as days from unnest(${DAYS_BEFORE}::int[]) as days
      where g.until_at <= ${at}::timestamptz + days * interval '1 day'
    ) d on d.days is not null
    join members m on m.account_id = a.id and m.role = 'owner'
    join users u on u.id = m.user_id
    cross join lateral (select concat_ws(' ', 'trial-ending', a.id,
      floor(extract(epoch from g.until_at))::bigint, d.days, u.id) as once_key) k
    where g.source = 'trial' and g.from_at <= ${at} and g.until_at > ${at}
      and g.until_at <= ${new Date(at.getTime() + longest * DAY)}
      and g.created_at < g.until_at - d.days * interval '1 day'
      and not exists (
        select from grants o join plans op on op.plan = o.plan and op.rank >= p.rank
        where o.account_id = a.id and o.id <> g.id and o.from_at <= g.until_at
          and (o.until_at is null or o.until_at > g.until_at)
      )
      and not exists (select from mail_log l where l.once_key = k.once_key)
    order by g.until_at, a.id, u.id
    limit ${BATCH}`.execute(app.db)
  return rows
}

function mailOf(due: Due) {
  return {
    template: 'trial-ending',
    to: { address: due.email, name: due.verified ? due.user_name : null },
    fill: {
      plan: due.plan_name,
      // Words of whoever registered the address reach nobody who has not proved to be that person.
      account: due.verified ? due.account_name : 'Your account',
      days: due.days,
      until: due.until_at.toUTCString(),
    },
    link: { path: '/billing' },
    userId: due.user_id,
    accountId: due.account_id,
    onceKey: due.once_key,
  } as const
}
