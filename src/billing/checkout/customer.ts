import type { Selectable } from 'kysely'
import type Stripe from 'stripe'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import type { StripeCustomers } from '../../db/tables.ts'
import { inTx } from '../../db/transaction.ts'
import { isPassing, isStoredFailure } from '../../stripe/errors.ts'
import { KEY_LIVES_MS } from '../../stripe/keys.ts'
import { refuseOtherMode } from '../followMode.ts'

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
  const made = await makeCustomer(app, stripe, promised)
  await app.db
    .updateTable('stripe_customers')
    .set({ stripe_customer_id: made, asked: '{}' })
    .where('id', '=', promised.id)
    .where('stripe_customer_id', 'is', null)
    .execute()
  return { id: promised.id, stripeId: made }
}

/**
 * Makes the customer that was promised. Stripe repeats a failure for the same key; then the customer is looked for by the
 * mark that only we set, and where there is none the promise is given up, so that the next attempt has a key of its own.
 */
async function makeCustomer(
  app: App,
  stripe: Stripe,
  { id, asked: words, created_at }: Promised,
): Promise<string> {
  const asked = words as Stripe.CustomerCreateParams
  const isKeyForgotten = app.now().getTime() - created_at.getTime() > KEY_LIVES_MS
  const found = isKeyForgotten ? await findMade(stripe, id, asked) : null
  if (found) return found
  try {
    return (await stripe.customers.create(asked, { idempotencyKey: id })).id
  } catch (error) {
    const made = isStoredFailure(error) ? await findMade(stripe, id, asked) : null
    if (made) return made
    if (!isPassing(error) || isStoredFailure(error)) await giveUp(app, id)
    throw error
  }
}

type Promised = Pick<Selectable<StripeCustomers>, 'id' | 'asked' | 'created_at'>

/** The customer that was made of a promise although nobody got the answer. */
async function findMade(
  stripe: Stripe,
  id: string,
  { email }: Stripe.CustomerCreateParams,
): Promise<string | null> {
  if (typeof email !== 'string') return null
  const { data } = await stripe.customers.list({ email, limit: 100 })
  return data.find(({ metadata }) => metadata.frontgate_customer === id)?.id ?? null
}

async function giveUp(app: App, id: string): Promise<void> {
  await app.db
    .updateTable('stripe_customers')
    .set({ deleted_at: app.now() })
    .where('id', '=', id)
    .where('stripe_customer_id', 'is', null)
    .execute()
}

/** The words are kept, since Stripe wants the same ones with the same key. Nobody else's customer is ever looked for. */
async function promiseCustomer(app: App, accountId: string, userId: string) {
  return inTx(app, async (tx) => {
    await refuseOtherMode(tx, app)
    const buyer = await tx
      .selectFrom('accounts')
      .innerJoin('members', 'members.account_id', 'accounts.id')
      .innerJoin('users', 'users.id', 'members.user_id')
      .select(['accounts.name as account_name', 'users.email', 'users.name'])
      .where('accounts.id', '=', accountId)
      .where('users.id', '=', userId)
      .executeTakeFirstOrThrow()
    const id = uuidv7()
    const asked = {
      ...(buyer.email && { email: buyer.email }),
      name: buyer.account_name,
      metadata: { frontgate_account: accountId, frontgate_customer: id },
    }
    await tx
      .insertInto('stripe_customers')
      .values({ id, account_id: accountId, asked: JSON.stringify(asked), created_at: app.now() })
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
