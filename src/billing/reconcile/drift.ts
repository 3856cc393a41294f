import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'

/** A difference between Stripe and here that no event had told of. */
export interface Drift {
  accountId: string
  customer: string
  subscription: string | null
  kind: 'missed-change' | 'missed-subscription' | 'two-live-subscriptions'
  details: object
}

/** Writes down what was found, for operators, and raises the alarm. */
export async function noteDrift(app: App, drifts: Drift[]): Promise<void> {
  if (drifts.length === 0) return
  const rows = drifts.map(({ accountId, customer, subscription, kind, details }) => ({
    id: uuidv7(),
    found_at: app.now(),
    account_id: accountId,
    stripe_customer_id: customer,
    stripe_subscription_id: subscription,
    kind,
    details: JSON.stringify(details),
  }))
  await app.db.insertInto('drift').values(rows).execute()
  for (const { accountId, kind, details } of drifts) {
    app.metrics.stripeDrift.inc({ kind })
    app.log.warn({ accountId, kind, details }, 'Stripe held something that no event had told of')
  }
}

/** Reports accounts that pay twice: once for each pair, however often it is looked. */
export async function noteDoubles(app: App): Promise<void> {
  const { rows } = await sql<{ account_id: string; customer: string; subscriptions: string[] }>`
    select account_id, min(stripe_customer_id) as customer,
      array_agg(stripe_subscription_id order by stripe_subscription_id) as subscriptions
    from subscriptions s
    where is_live
    group by account_id
    having count(*) > 1 and not exists (
      select from drift d where d.account_id = s.account_id and d.kind = 'two-live-subscriptions'
        and d.details->'subscriptions' = to_jsonb(array_agg(s.stripe_subscription_id order by s.stripe_subscription_id)))`.execute(
    app.db,
  )
  await noteDrift(
    app,
    rows.map(({ account_id, customer, subscriptions }) => ({
      accountId: account_id,
      customer,
      subscription: null,
      kind: 'two-live-subscriptions',
      details: { subscriptions },
    })),
  )
}
