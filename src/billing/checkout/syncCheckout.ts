import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { problem } from '../../problems.ts'
import { projectCustomer } from '../projection/projectCustomer.ts'
import { closeSession } from './checkoutSessions.ts'

/** Mirrors what came of a checkout as soon as the buyer is back, before any event tells of it. Harmless at any time. */
export async function syncCheckout(
  app: App,
  stripe: Stripe,
  { accountId, session: id }: { accountId: string; session: string },
): Promise<void> {
  const row = await app.db
    .selectFrom('checkout_sessions')
    .select(['id', 'status', 'stripe_customer_id'])
    .where('stripe_session_id', '=', id)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (!row) throw problem('not-found')
  if (row.status === 'open') {
    const { status } = await stripe.checkout.sessions.retrieve(id)
    if (status === 'complete') await closeSession(app, row.id, 'complete')
    if (status === 'expired') await closeSession(app, row.id, 'expired')
  }
  await projectCustomer(app, row.stripe_customer_id, 'caller')
}
