import type Stripe from 'stripe'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'

/** The customer of an account at Stripe; there is at most one at a time. */
export interface Customer {
  id: string
  stripeId: string
}

/** The customer that an account has, or null when it has none, or none any more. */
export async function findCustomer({ db }: Pick<App, 'db'>, accountId: string): Promise<Customer | null> {
  const row = await customerRow(db, accountId)
  return row?.stripe_customer_id ? { id: row.id, stripeId: row.stripe_customer_id } : null
}

/**
 * The customer of an account, made when there is none. Calls at the same time, and a call after one that was cut off,
 * ask Stripe with the same key and the same words, and get the same customer.
 */
export async function ensureCustomer(
  app: App,
  stripe: Stripe,
  { accountId, userId }: { accountId: string; userId: string },
): Promise<Customer> {
  const promised = (await customerRow(app.db, accountId)) ?? (await promiseCustomer(app, accountId, userId))
  if (promised.stripe_customer_id) return { id: promised.id, stripeId: promised.stripe_customer_id }
  const asked = promised.asked as Stripe.CustomerCreateParams
  const made = await stripe.customers.create(asked, { idempotencyKey: promised.id })
  await app.db
    .updateTable('stripe_customers')
    .set({ stripe_customer_id: made.id })
    .where('id', '=', promised.id)
    .where('stripe_customer_id', 'is', null)
    .execute()
  return { id: promised.id, stripeId: made.id }
}

/** Notes that Stripe does not have the customer any more; the next checkout makes a fresh one. */
export async function forgetCustomer({ db }: Pick<App, 'db'>, { id }: Customer, at: Date): Promise<void> {
  await db
    .updateTable('stripe_customers')
    .set({ deleted_at: at })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .execute()
}

/** The words are kept, since Stripe wants the same ones with the same key. Nobody else's customer is ever looked for. */
async function promiseCustomer(app: App, accountId: string, userId: string) {
  return inTx(app, async (tx) => {
    const buyer = await tx
      .selectFrom('accounts')
      .innerJoin('members', 'members.account_id', 'accounts.id')
      .innerJoin('users', 'users.id', 'members.user_id')
      .select(['accounts.name as account_name', 'users.email', 'users.name'])
      .where('accounts.id', '=', accountId)
      .where('users.id', '=', userId)
      .executeTakeFirstOrThrow()
    const asked = {
      ...(buyer.email && { email: buyer.email }),
      name: buyer.account_name,
      metadata: { frontgate_account: accountId },
    }
    await tx
      .insertInto('stripe_customers')
      .values({ id: uuidv7(), account_id: accountId, asked: JSON.stringify(asked), created_at: app.now() })
      .onConflict((conflict) => conflict.column('account_id').where('deleted_at', 'is', null).doNothing())
      .execute()
    const promised = await customerRow(tx, accountId)
    if (!promised) throw new Error('The customer that was promised is gone already')
    return promised
  })
}

function customerRow(db: App['db'], accountId: string) {
  return db
    .selectFrom('stripe_customers')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}
