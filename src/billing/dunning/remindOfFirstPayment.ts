import { sql } from 'kysely'
import type { App } from '../../app.ts'
import { lastToTellOf, noticeOf, remindOfAll } from '../../mail/remind.ts'

interface Due {
  account_id: string
  plan_name: string
  trial_end: Date
  days: number
  once_key: string
  user_id: string
  email: string
  user_name: string | null
}

/**
 * Mails owners three days and one day before the trial of a subscription becomes paid, unless the subscription ends
 * with it. One mail per owner, end and distance.
 */
export async function remindOfFirstPayment(app: App, at: Date): Promise<void> {
  await remindOfAll(app, (limit) => dueReminders(app, at, limit), mailOf, at)
}

async function dueReminders(app: App, at: Date, limit: number): Promise<Due[]> {
  const { rows } = await sql<Due>`
    select s.account_id, coalesce(p.display_name, 'new') as plan_name, s.trial_end, d.days, k.once_key,
      u.id as user_id, u.email, case when u.email_verified_at is not null then u.name end as user_name
    from subscriptions s
    join accounts a on a.id = s.account_id and a.closed_at is null
    left join plans p on p.plan = s.plan
    join lateral (select ${noticeOf('s.trial_end', at)} as days) d on d.days is not null
    join members m on m.account_id = a.id and m.role = 'owner'
    join users u on u.id = m.user_id
    cross join lateral (select concat_ws(' ', 'trial-becomes-paid', s.stripe_subscription_id,
      floor(extract(epoch from s.trial_end))::bigint, d.days, u.id) as once_key) k
    where s.status = 'trialing' and s.trial_end > ${at} and s.trial_end <= ${lastToTellOf(at)}
      and not s.cancel_at_period_end and (s.cancel_at is null or s.cancel_at > s.trial_end)
      and s.created_at < s.trial_end - d.days * interval '1 day'
      and not exists (select from mail_log l where l.once_key = k.once_key)
    order by s.trial_end, s.stripe_subscription_id, u.id
    limit ${limit}`.execute(app.db)
  return rows
}

function mailOf(due: Due) {
  return {
    template: 'trial-becomes-paid',
    to: { address: due.email, name: due.user_name },
    fill: { plan: due.plan_name, days: due.days, until: due.trial_end.toUTCString() },
    link: { path: '/billing' },
    userId: due.user_id,
    accountId: due.account_id,
    onceKey: due.once_key,
  } as const
}
