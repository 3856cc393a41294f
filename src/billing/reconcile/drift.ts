import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'

export const DRIFT_KINDS = ['missed-change', 'missed-subscription', 'two-live-subscriptions'] as const

/** Something that Stripe holds and that should not be so, or that was not known here though no event was under way. */
export interface Drift {
  accountId: string
  customer: string
  subscription: string | null
  kind: (typeof DRIFT_KINDS)[number]
  details: object
}

/** Writes down what was found, for operators; returns what had not been written down before. */
export async function noteDrift(tx: Tx, drifts: Drift[], at: Date): Promise<Drift[]> {
  const noted = await Promise.all(
    drifts.map(({ accountId, customer, subscription, kind, details }) =>
      tx
        .insertInto('drift')
        .values({
          id: uuidv7(),
          found_at: at,
          account_id: accountId,
          stripe_customer_id: customer,
          stripe_subscription_id: subscription,
          kind,
          details: JSON.stringify(details),
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst(),
    ),
  )
  return drifts.filter((_, i) => noted[i] !== undefined)
}

const says: Record<Drift['kind'], string> = {
  'missed-change': 'Stripe held a change that no event had told of',
  'missed-subscription': 'Stripe held a subscription that no event had told of',
  'two-live-subscriptions': 'an account pays for two subscriptions',
}

/** Logs and counts drift. Apart from the commit, which may be run again or fail. */
export function reportDrift({ log, metrics }: Pick<App, 'log' | 'metrics'>, drifts: Drift[]): void {
  for (const { accountId, kind, details } of drifts) {
    metrics.stripeDrift.inc({ kind })
    log.warn({ accountId, kind, details }, says[kind])
  }
}

/** Writes down accounts that pay twice: once for each pair, however often it is looked. */
export async function noteDoubles(tx: Tx, at: Date): Promise<Drift[]> {
  const { rows } = await sql<{ account_id: string; customer: string; subscriptions: string[] }>`
    select account_id, min(stripe_customer_id) as customer,
      array_agg(stripe_subscription_id order by stripe_subscription_id) as subscriptions
    from subscriptions
    where is_live
    group by account_id
    having count(*) > 1`.execute(tx)
  return noteDrift(
    tx,
    rows.map(({ account_id, customer, subscriptions }) => ({
      accountId: account_id,
      customer,
      subscription: null,
      kind: 'two-live-subscriptions',
      details: { subscriptions },
    })),
    at,
  )
}
