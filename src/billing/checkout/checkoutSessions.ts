import { isDeepStrictEqual } from 'node:util'
import { type Selectable, sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import type { Db } from '../../db/database.ts'
import type { CheckoutSessions } from '../../db/tables.ts'
import type { Wish } from './rules.ts'

export type CheckoutRow = Selectable<CheckoutSessions>

/** The session that an account has open, or null. One that was promised and not made yet counts as open. */
export async function openSession({ db }: Pick<App, 'db'>, accountId: string): Promise<CheckoutRow | null> {
  const row = await db
    .selectFrom('checkout_sessions')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('status', '=', 'open')
    .executeTakeFirst()
  return row ?? null
}

export interface NewSession {
  accountId: string
  customer: string
  wish: Wish
  /** What Stripe is asked, word for word: with the same key it takes only the same words. */
  asked: (id: string) => object
  at: Date
  expiresAt: Date
}

// Not a parameter: a statement that is planned for any parameter does not see that the partial index fits it.
const whileOpen = sql.lit('open')

/** Promises a session, unless somebody else was faster; the caller looks again to see whose it is. */
export async function promiseSession(
  { db }: Pick<App, 'db'>,
  { accountId, customer, wish, asked, at, expiresAt }: NewSession,
): Promise<void> {
  const id = uuidv7()
  await db
    .insertInto('checkout_sessions')
    .values({
      id,
      account_id: accountId,
      stripe_customer_id: customer,
      wish: JSON.stringify(wish),
      asked: JSON.stringify(asked(id)),
      status: 'open',
      created_at: at,
      expires_at: expiresAt,
    })
    .onConflict((conflict) => conflict.column('account_id').where('status', '=', whileOpen).doNothing())
    .execute()
}

/** Notes what Stripe made of a promise. */
export async function noteMade({ db }: Pick<App, 'db'>, id: string, session: string): Promise<void> {
  await db.updateTable('checkout_sessions').set({ stripe_session_id: session }).where('id', '=', id).execute()
}

/** Notes that a session is no longer open. */
export async function closeSession(
  { db }: Pick<App, 'db'>,
  id: string,
  status: 'complete' | 'expired',
): Promise<void> {
  await db
    .updateTable('checkout_sessions')
    .set({ status })
    .where('id', '=', id)
    .where('status', '=', 'open')
    .execute()
}

/** Which of these are checkouts of the account. */
export async function checkoutsAmong(db: Db, accountId: string, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('checkout_sessions')
    .select('id')
    .where('id', 'in', ids)
    .where('account_id', '=', accountId)
    .execute()
  return new Set(rows.map(({ id }) => id))
}

export const isSameWish = (row: CheckoutRow, wish: Wish) => isDeepStrictEqual(row.wish, { ...wish })
