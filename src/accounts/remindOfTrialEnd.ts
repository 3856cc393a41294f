import { sql } from 'kysely'
import type { App } from '../app.ts'
import { lastToTellOf, noticeOf, remindOfAll } from '../mail/remind.ts'

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
  await remindOfAll(app, (limit) => dueReminders(app, at, limit), mailOf, at)
}

async function dueReminders(app: App, at: Date, limit: number): Promise<Due[]> {
  const { rows } = await sql<Due>`
    select a.id as account_id, a.name as account_name, p.display_name as plan_name, g.until_at, d.days,
      k.once_key, u.id as user_id, u.email, u.name as user_name, u.email_verified_at is not null as verified
    from grants g
    join accounts a on a.id = g.account_id and a.closed_at is null
    join plans p on p.plan = g.plan
    join lateral (select ${noticeOf('g.until_at', at)} as days) d on d.days is not null
    join members m on m.account_id = a.id and m.role = 'owner'
    join users u on u.id = m.user_id
    cross join lateral (select concat_ws(' ', 'trial-ending', a.id,
      floor(extract(epoch from g.until_at))::bigint, d.days, u.id) as once_key) k
    where g.source = 'trial' and g.from_at <= ${at} and g.until_at > ${at}
      and g.until_at <= ${lastToTellOf(at)}
      and g.created_at < g.until_at - d.days * interval '1 day'
      and not exists (
        select from grants o join plans op on op.plan = o.plan and op.rank >= p.rank
        where o.account_id = a.id and o.id <> g.id and o.from_at <= g.until_at
          and (o.until_at is null or o.until_at > g.until_at)
      )
      and not exists (select from mail_log l where l.once_key = k.once_key)
    order by g.until_at, a.id, u.id
    limit ${limit}`.execute(app.db)
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
