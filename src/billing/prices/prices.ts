import type { Interval, Plan } from '../../catalogue/catalogue.ts'
import type { Db } from '../../db/database.ts'
import type { KnownPrice } from '../projection/rules.ts'

/** Every price at Stripe that buys a plan of ours, also those that are not sold any more. */
export async function knownPrices(db: Db): Promise<KnownPrice[]> {
  const rows = await db
    .selectFrom('stripe_prices')
    .select(['stripe_price_id', 'stripe_product_id', 'plan', 'billing_interval'])
    .orderBy('created_at')
    .execute()
  return rows.map((row) => ({
    priceId: row.stripe_price_id,
    productId: row.stripe_product_id,
    plan: row.plan,
    interval: row.billing_interval as Interval,
  }))
}

/**
 * The price at which a plan is sold now, or null when Stripe has none for the amount that the catalogue shows: nobody
 * pays another one than was shown.
 */
export async function currentPrice(
  db: Db,
  { plan, price }: Pick<Plan, 'plan' | 'price'>,
  interval: Interval,
): Promise<string | null> {
  const amount = price?.[interval] ?? null
  if (!price || amount === null) return null
  const row = await db
    .selectFrom('stripe_prices')
    .select('stripe_price_id')
    .where('plan', '=', plan)
    .where('billing_interval', '=', interval)
    .where('currency', '=', price.currency)
    .where('amount_minor', '=', amount)
    .where('retired_at', 'is', null)
    .executeTakeFirst()
  return row?.stripe_price_id ?? null
}

/** The lookup key under which Stripe has the current price of a plan. */
export const lookupKey = (plan: string, interval: Interval) => `frontgate_${plan}_${interval}`
