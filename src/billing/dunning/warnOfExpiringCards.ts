import { sql } from 'kysely'
import type { App } from '../../app.ts'
import { remindOfAll } from '../../mail/remind.ts'
import type { Card } from '../projection/rules.ts'

interface Due {
  account_id: string
  card: Card
  once_key: string
  user_id: string
  email: string
  user_name: string | null
}

/**
 * Mails owners whose card expires at the end of this month, or before a renewal that is at most thirty days away. One
 * mail per owner, subscription and card.
 */
export async function warnOfExpiringCards(app: App, at: Date): Promise<void> {
  await remindOfAll(app, (limit) => dueWarnings(app, at, limit), mailOf, at)
}

/** Months are counted from year 0, as in the index; a card is good to the end of the month that it names. */
async function dueWarnings(app: App, at: Date, limit: number): Promise<Due[]> {
  const thisMonth = at.getUTCFullYear() * 12 + at.getUTCMonth() + 1
  const { rows } = await sql<Due>`
    select s.account_id, s.card, k.once_key,
      u.id as user_id, u.email, case when u.email_verified_at is not null then u.name end as user_name
    from subscriptions s
    join accounts a on a.id = s.account_id and a.closed_at is null
    join members m on m.account_id = a.id and m.role = 'owner'
    join users u on u.id = m.user_id
    cross join lateral (select (s.card->>'expYear')::integer * 12 + (s.card->>'expMonth')::integer as expiry,
      s.current_period_end at time zone 'UTC' as renewal) c
    cross join lateral (select concat_ws(' ', 'card-expiring', s.stripe_subscription_id, s.card->>'last4',
      c.expiry, u.id) as once_key) k
    where s.is_live and not s.is_last_period
      and c.expiry between ${thisMonth} and ${thisMonth + 1}
      and (c.expiry = ${thisMonth} or s.current_period_end <= ${at}::timestamptz + interval '30 days'
        and c.expiry < extract(year from c.renewal) * 12 + extract(month from c.renewal))
      and not exists (select from mail_log l where l.once_key = k.once_key)
    order by s.stripe_subscription_id, u.id
    limit ${limit}`.execute(app.db)
  return rows
}

function mailOf(due: Due) {
  const { brand, last4, expMonth, expYear } = due.card
  return {
    template: 'card-expiring',
    to: { address: due.email, name: due.user_name },
    fill: { brand: brandNames[brand] ?? 'Payment', last4, month: nameOfMonth(expYear, expMonth) },
    link: { path: '/billing' },
    userId: due.user_id,
    accountId: due.account_id,
    onceKey: due.once_key,
  } as const
}

/** How the brands of https://docs.stripe.com/api/payment_methods/object call themselves. */
const brandNames: Record<string, string> = {
  amex: 'American Express',
  cartes_bancaires: 'Cartes Bancaires',
  diners: 'Diners Club',
  discover: 'Discover',
  eftpos_au: 'eftpos',
  jcb: 'JCB',
  link: 'Link',
  mastercard: 'Mastercard',
  unionpay: 'UnionPay',
  visa: 'Visa',
}

function nameOfMonth(year: number, month: number): string {
  const name = { month: 'long', year: 'numeric', timeZone: 'UTC' } as const
  return new Date(Date.UTC(year, month - 1)).toLocaleString('en', name)
}
