import { randomUUID } from 'node:crypto'
import { DAY_SECONDS, instant } from './staff.ts'
import type { TestApp } from './testApp.ts'

/** What a row of the mirror says, by its columns. */
export interface MirroredFields {
  status?: string
  plan?: string | null
  current_period_end?: string
  trial_end?: string | null
  cancel_at_period_end?: boolean
  cancel_at?: string | null
  past_due_since?: string | null
  card?: { brand: string; last4: string; expMonth: number; expYear: number } | null
  created_at?: string
  is_shown?: boolean
}

/** Puts a subscription of an account into the mirror, as a look at Stripe would; without fields an active one. */
export async function mirrored(
  t: TestApp,
  accountId: string,
  fields: MirroredFields = {},
): Promise<{ id: string; customer: string }> {
  const id = `sub_${randomUUID().replaceAll('-', '')}`
  const row = {
    status: 'active',
    plan: 'pro',
    current_period_end: instant(t, 20 * DAY_SECONDS),
    trial_end: null,
    cancel_at_period_end: false,
    cancel_at: null,
    past_due_since: null,
    created_at: instant(t),
    first_seen_at: instant(t),
    is_shown: true,
    ...fields,
    card: fields.card ? JSON.stringify(fields.card) : null,
    stripe_subscription_id: id,
    account_id: accountId,
    stripe_customer_id: await customerOf(t, accountId),
    stripe_price_id: 'price_pro_month',
    billing_interval: 'month',
    quantity: 1,
    current_period_start: instant(t, -10 * DAY_SECONDS),
  }
  await t.app.db.insertInto('subscriptions').values(row).execute()
  return { id, customer: row.stripe_customer_id }
}

/** The customer of an account at Stripe, noted when there is none yet. */
export async function customerOf(t: TestApp, accountId: string): Promise<string> {
  const known = await t.app.db
    .selectFrom('stripe_customers')
    .select('stripe_customer_id')
    .where('account_id', '=', accountId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (known?.stripe_customer_id) return known.stripe_customer_id
  const id = `cus_${randomUUID().replaceAll('-', '')}`
  await t.app.db
    .insertInto('stripe_customers')
    .values({
      id: randomUUID(),
      account_id: accountId,
      stripe_customer_id: id,
      asked: '{}',
      created_at: instant(t),
    })
    .execute()
  return id
}
