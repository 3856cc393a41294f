import { sql } from 'kysely'
import type { Purge } from '../db/purge.ts'

/**
 * Rows about money stay, since books refer to them; what names people in them goes. Names, invoices and payments are at
 * Stripe.
 */
export const accountPurges: Purge[] = [
  {
    table: 'stripe_customers',
    run: (tx, accountId) =>
      tx.updateTable('stripe_customers').set({ asked: '{}' }).where('account_id', '=', accountId).execute(),
  },
  {
    table: 'checkout_sessions',
    run: (tx, accountId) =>
      tx.updateTable('checkout_sessions').set({ asked: '{}' }).where('account_id', '=', accountId).execute(),
  },
  {
    table: 'subscriptions',
    run: (tx, accountId) =>
      tx.updateTable('subscriptions').set({ card: null }).where('account_id', '=', accountId).execute(),
  },
  {
    table: 'stripe_events',
    run: (tx, accountId) =>
      sql`
      update stripe_events set payload = '{}'
      where stripe_customer_id in (select stripe_customer_id from stripe_customers where account_id = ${accountId})`.execute(
        tx,
      ),
  },
]
