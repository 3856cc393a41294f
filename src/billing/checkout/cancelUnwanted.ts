import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { inTx } from '../../db/transaction.ts'
import { systemCaller } from '../../http/actor.ts'
import { stripeErrorOf } from '../../stripe/errors.ts'
import { turnToRead } from '../../stripe/pace.ts'
import { mailOwners } from '../mailOwners.ts'
import { projectCustomer } from '../projection/projectCustomer.ts'
import { idOf, type Unwanted, unwantedOf } from '../projection/rules.ts'
import { type KnownSubscription, mirroredOf } from '../projection/subscriptions.ts'

/** Set before it is cancelled, so that a job that was cut off in between knows that the refund is still owed. */
const MARK = 'frontgate_cancelled_as'

/**
 * Cancels a subscription that nobody meant to have, and gives the money back. Looks at Stripe once more before, so that
 * nothing is cancelled that has become the only one. May be run again at any step.
 */
export async function cancelUnwanted(
  app: App,
  { subscription: id }: { subscription: string },
): Promise<void> {
  const known = await app.db
    .selectFrom('subscriptions')
    .select(['account_id', 'stripe_customer_id', 'first_seen_at'])
    .where('stripe_subscription_id', '=', id)
    .executeTakeFirst()
  if (!known || !app.stripe) return
  const stripe = await app.stripe.client()
  const look = await projectCustomer(app, known.stripe_customer_id, 'job')
  const all = await mirroredOf(app.db, known.account_id)
  // Not before the look, which may have waited for its turn: the account may have been reopened since.
  const { closed_at } = await app.db
    .selectFrom('accounts')
    .select('closed_at')
    .where('id', '=', known.account_id)
    .executeTakeFirstOrThrow()
  const unwanted = unwantedOf(all, closed_at !== null)
  const because = unwanted.find(({ one }) => one.id === id)?.because ?? (await cancelledBefore(stripe, id))
  const one = all.find((candidate) => candidate.id === id)
  if (!because || !one || look.kind === 'unknown') return
  // Of this look: what Stripe answered to an earlier one may have been undone since, or was a failure that it repeats.
  const keyOf = (what: string) => ({ idempotencyKey: `${what} ${id} ${look.token}` })
  if (because === 'account-closed' && closed_at && known.first_seen_at < closed_at) {
    // It was paid for while the account was open, and taken up again at Stripe since.
    await stripe.subscriptions.update(id, { cancel_at_period_end: true }, keyOf('end'))
    await projectCustomer(app, known.stripe_customer_id, 'job')
    return
  }
  await cancel(stripe, id, because, keyOf)
  await turnToRead(app, 'job')
  const refunded = await refund(stripe, id, keyOf)
  await projectCustomer(app, known.stripe_customer_id, 'job')
  await tell(app, known.account_id, one, because, refunded)
}

type KeyOf = (what: string) => Stripe.RequestOptions

async function cancel(stripe: Stripe, id: string, because: Unwanted, keyOf: KeyOf): Promise<void> {
  const { status } = await stripe.subscriptions.retrieve(id)
  if (status === 'canceled') return
  await stripe.subscriptions.update(id, { metadata: { [MARK]: because } }, keyOf('mark'))
  await stripe.subscriptions.cancel(id, { invoice_now: false, prorate: false }, keyOf('cancel'))
}

async function cancelledBefore(stripe: Stripe, id: string): Promise<Unwanted | null> {
  const { metadata, status } = await stripe.subscriptions.retrieve(id)
  const because = metadata[MARK]
  return status === 'canceled' && (because === 'bought-twice' || because === 'account-closed')
    ? because
    : null
}

/**
 * Gives back everything that was paid for the subscription and has not been given back yet, and asks for nothing more;
 * tells whether anything was paid. Throws while a payment is under way, which cannot be called off: to be run again.
 */
async function refund(stripe: Stripe, subscription: string, keyOf: KeyOf): Promise<boolean> {
  let refunded = false
  for await (const invoice of stripe.invoices.list({ subscription, expand: ['data.payments'] })) {
    if (invoice.status === 'open') {
      await stripe.invoices.voidInvoice(invoice.id, undefined, keyOf(`void ${invoice.id}`))
    }
    if (invoice.status !== 'paid' || invoice.amount_paid === 0) continue
    for (const { id, payment, amount_paid } of invoice.payments?.data ?? []) {
      const payment_intent = idOf(payment.payment_intent)
      if (!payment_intent) continue
      const { data: refunds } = await stripe.refunds.list({ payment_intent, limit: 100 })
      const given = refunds
        .filter(({ status }) => status === 'succeeded' || status === 'pending')
        .reduce((sum, { amount }) => sum + amount, 0)
      const owed = (amount_paid ?? invoice.amount_paid) - given
      if (owed > 0) await give(stripe, { payment_intent, amount: owed }, `refund ${id} after ${given}`)
      refunded = true
    }
  }
  return refunded
}

async function give(stripe: Stripe, refund: Stripe.RefundCreateParams, key: string): Promise<void> {
  try {
    await stripe.refunds.create({ ...refund, reason: 'duplicate' }, { idempotencyKey: key })
  } catch (error) {
    // The buyer's bank has taken it back already, or is about to.
    if (!['charge_already_refunded', 'charge_disputed'].includes(stripeErrorOf(error)?.code ?? ''))
      throw error
  }
}

async function tell(
  app: App,
  accountId: string,
  one: KnownSubscription,
  because: Unwanted,
  refunded: boolean,
): Promise<void> {
  const at = app.now()
  await inTx(app, async (tx) => {
    const details = { subscription: one.id, because, refunded }
    await audit(tx, systemCaller, { action: 'subscription.unwanted-cancelled', accountId, details }, at)
    // Who closed the account is told by the receipt of Stripe's for the refund.
    if (because === 'account-closed') return
    const plan = await tx
      .selectFrom('plans')
      .select('display_name')
      .where('plan', '=', one.plan ?? '')
      .executeTakeFirst()
    const fill = { plan: plan?.display_name ?? 'the later one', refunded }
    await mailOwners(tx, accountId, { template: 'second-subscription-refunded', fill, fact: one.id }, at)
  })
}
