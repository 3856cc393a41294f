import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { changed, inTx, type Tx } from '../db/transaction.ts'
import { setStripeGrant } from '../entitlements/stripeGrants.ts'
import { systemCaller } from '../http/actor.ts'
import { problem } from '../problems.ts'

/**
 * Makes the database follow Stripe in the mode of the key. With the first live key everything that test mode left ends:
 * nobody keeps a plan that was paid for with a test card. Throws for a test key where live mode is followed, since
 * that would end what people pay for. Harmless when several processes start at once.
 */
export async function followMode(app: App): Promise<void> {
  if (!app.stripe) return
  const { livemode } = app.stripe
  const at = app.now()
  await inTx(app, async (tx) => {
    await tx
      .insertInto('stripe_mode')
      .values({ livemode })
      .onConflict((conflict) => conflict.column('one_row').doNothing())
      .execute()
    const followed = await tx
      .selectFrom('stripe_mode')
      .select('livemode')
      .forUpdate()
      .executeTakeFirstOrThrow()
    if (followed.livemode === livemode) return
    if (followed.livemode) {
      throw new Error(
        'STRIPE_SECRET_KEY is a test key, but this database follows Stripe in live mode. Set the live key, or use another database for tests.',
      )
    }
    await leaveTestMode(tx, at)
    await tx.updateTable('stripe_mode').set({ livemode: true }).execute()
    await audit(tx, systemCaller, { action: 'stripe.live-mode-begun', details: {} }, at)
  })
}

/** More than any token: looks that are still under way with the test key are written no more. */
const NEVER_AGAIN = Number.MAX_SAFE_INTEGER

/** A process that was started with the test key and still runs makes no customers in a database that follows live mode. */
export async function refuseOtherMode(tx: Tx, { stripe }: Pick<App, 'stripe'>): Promise<void> {
  const followed = await tx.selectFrom('stripe_mode').select('livemode').forShare().executeTakeFirst()
  if (followed && followed.livemode !== stripe?.livemode) {
    throw problem('stripe-unavailable', undefined, {
      detail: 'The key of Stripe was exchanged. This process has the one before until it is started again.',
    })
  }
}

async function leaveTestMode(tx: Tx, at: Date): Promise<void> {
  await tx
    .updateTable('stripe_customers')
    .set((e) => ({ projected_token: NEVER_AGAIN, deleted_at: e.fn.coalesce('deleted_at', e.val(at)) }))
    .execute()
  // Not even as history: whoever paid with a test card never was a customer. The audit trail keeps what happened.
  const gone = await tx
    .deleteFrom('subscriptions')
    .returning(['account_id', 'stripe_subscription_id'])
    .execute()
  for (const { account_id: accountId, stripe_subscription_id: subscription } of gone) {
    changed(tx, `account:${accountId}`)
    await setStripeGrant(tx, { accountId, subscription, grant: null }, at)
  }
  await tx.updateTable('stripe_prices').set({ retired_at: at }).where('retired_at', 'is', null).execute()
  await tx.updateTable('checkout_sessions').set({ status: 'expired' }).where('status', '=', 'open').execute()
  await tx
    .updateTable('stripe_operations')
    .set({ finished_at: at, outcome: 'given up' })
    .where('finished_at', 'is', null)
    .execute()
  await tx
    .updateTable('stripe_events')
    .set({ status: 'ignored', reason: 'other-mode', payload: '{}' })
    .where('status', 'in', ['received', 'parked'])
    .execute()
}
