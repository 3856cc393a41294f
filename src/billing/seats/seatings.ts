import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { Seating } from './rules.ts'

/** The subscription of an account that is shown, with its seats. */
export interface AccountSeating extends Seating {
  accountId: string
  id: string
  priceId: string
}

/** How seats stand in the accounts that pay for them, or in one of them: what it has by now, for which nobody is asked. */
export async function seatingsOf(db: Db, accountId: string | null): Promise<AccountSeating[]> {
  const { rows } = await sql<AccountSeating>`
    select s.account_id as "accountId", s.stripe_subscription_id as id, s.stripe_price_id as "priceId", s.status, s.quantity,
      s.seats_set as "seatsSet", s.seats_asked as "seatsAsked", s.cancel_at_period_end as "cancelAtPeriodEnd",
      s.cancel_at as "cancelAt", s.current_period_end as "currentPeriodEnd", p.seats,
      (select count(*) from members m where m.account_id = s.account_id) as members
    from subscriptions s
    join plans p on p.plan = s.plan
    join accounts a on a.id = s.account_id and a.closed_at is null
    where s.is_shown and s.is_live and (p.seats = 'follow' or s.seats_set is not null)
      ${accountId === null ? sql`` : sql`and s.account_id = ${accountId}`}`.execute(db)
  return rows
}
