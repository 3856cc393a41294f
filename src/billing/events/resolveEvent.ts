import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import { turnToRead } from '../../stripe/pace.ts'
import { follow } from '../jobs.ts'
import { parkAfterFailures } from './parkAfterFailures.ts'
import { customerOf } from './rules.ts'

/** Looks at what the event is about until a customer is known, and has that customer projected. */
export async function resolveEvent(app: App, { event: id }: { event: string }): Promise<void> {
  const event = await app.db
    .selectFrom('stripe_events')
    .select(['object_id', 'stripe_customer_id'])
    .where('id', '=', id)
    .where('status', '=', 'received')
    .executeTakeFirst()
  if (!event || !app.stripe) return
  await parkAfterFailures(app, [id], async () => {
    const known = event.stripe_customer_id ?? (await customerAtStripe(app, event.object_id ?? ''))
    await assign(app, id, known)
  })
}

/** Writes down whose the event is, and promises to follow it if that is a customer of ours. */
async function assign(app: App, id: string, customer: string | null): Promise<void> {
  await inTx(app, async (tx) => {
    const ours = await tx
      .selectFrom('stripe_customers')
      .select('stripe_customer_id')
      .where('stripe_customer_id', '=', customer)
      .executeTakeFirst()
    const rest = ours
      ? {}
      : { status: 'ignored', reason: customer ? 'unknown-customer' : 'no-customer', payload: '{}' }
    await tx
      .updateTable('stripe_events')
      .set({ stripe_customer_id: customer, ...rest })
      .where('id', '=', id)
      .where('status', '=', 'received')
      .execute()
    if (ours) await follow(tx, id, customer)
  })
}

type Fetch = (stripe: Stripe, id: string) => Promise<object>

/** Where to look for the customer, by how Stripe's ids begin. */
const fetches: [prefix: string, fetch: Fetch][] = [
  ['sub_sched_', (stripe, id) => stripe.subscriptionSchedules.retrieve(id)],
  ['sub_', (stripe, id) => stripe.subscriptions.retrieve(id)],
  ['in_', (stripe, id) => stripe.invoices.retrieve(id)],
  ['inpay_', (stripe, id) => stripe.invoicePayments.retrieve(id, { expand: ['invoice'] })],
  ['cs_', (stripe, id) => stripe.checkout.sessions.retrieve(id)],
  ['pi_', (stripe, id) => stripe.paymentIntents.retrieve(id)],
  ['pm_', (stripe, id) => stripe.paymentMethods.retrieve(id)],
  ['seti_', (stripe, id) => stripe.setupIntents.retrieve(id)],
  ['ch_', (stripe, id) => stripe.charges.retrieve(id)],
  ['re_', (stripe, id) => stripe.refunds.retrieve(id, { expand: ['charge'] })],
  ['dp_', (stripe, id) => stripe.disputes.retrieve(id, { expand: ['charge'] })],
  ['du_', (stripe, id) => stripe.disputes.retrieve(id, { expand: ['charge'] })],
]

async function customerAtStripe(app: App, id: string): Promise<string | null> {
  const known = await app.db
    .selectFrom('subscriptions')
    .select('stripe_customer_id')
    .where('stripe_subscription_id', '=', id)
    .executeTakeFirst()
  if (known) return known.stripe_customer_id
  const fetch = fetches.find(([prefix]) => id.startsWith(prefix))?.[1]
  if (!fetch || !app.stripe) return null
  await turnToRead(app, 'job')
  const found: { charge?: unknown; invoice?: unknown; customer?: unknown } = await fetch(
    await app.stripe.client(),
    id,
  )
  return customerOf((found.charge ?? found.invoice ?? {}) as object) ?? customerOf(found)
}
