import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { Tx } from '../../db/transaction.ts'
import { enqueue, enqueueAll, job } from '../../jobs/enqueue.ts'

/** Makes the quantity of a subscription say how many members its account has. Billing does it. */
export const followSeatsJob = job<{ accountId: string }>('billing.follow-seats', { patient: true })

/** Whoever joins or leaves meanwhile is part of the same change. */
const TOGETHER_SECONDS = 20

const keyOf = (accountId: string) => `follow-seats ${accountId}`

const together = (accountId: string) => ({ key: keyOf(accountId), delaySeconds: TOGETHER_SECONDS })

/** Promises that seats are followed where that is paid for. To be called in every commit that changes who is a member. */
export async function promiseSeats(tx: Tx, accountId: string): Promise<void> {
  const follows = sql`
    from subscriptions s join plans p on p.plan = s.plan
    where s.account_id = ${accountId} and s.is_shown and s.is_live and p.seats = 'follow'`
  await enqueue(tx, followSeatsJob, { accountId }, { ...together(accountId), onlyIf: follows })
}

/** The same for an account whose seats are known to be wrong. */
export async function promiseSeatsAnyway(db: Db, accountId: string): Promise<void> {
  await enqueue(db, followSeatsJob, { accountId }, together(accountId))
}

/** The same for many accounts, of which few or none pay by the seat. */
export async function promiseSeatsOfAll(tx: Tx, accountIds: string[]): Promise<void> {
  const { rows } = await sql<{ account_id: string }>`
    select s.account_id from subscriptions s join plans p on p.plan = s.plan
    where s.account_id = any(${accountIds}::uuid[]) and s.is_shown and s.is_live and p.seats = 'follow'
    order by s.account_id`.execute(tx)
  const promised = rows.map(({ account_id: accountId }) => ({
    payload: { accountId },
    key: keyOf(accountId),
  }))
  await enqueueAll(tx, followSeatsJob, promised, { delaySeconds: TOGETHER_SECONDS })
}
