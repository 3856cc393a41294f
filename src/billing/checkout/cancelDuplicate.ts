import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { inTx } from '../../db/transaction.ts'
import { systemCaller } from '../../http/actor.ts'
import { type MailOrder, queueMail } from '../../mail/queueMail.ts'
import { turnToRead } from '../../stripe/pace.ts'
import { projectCustomer } from '../projection/projectCustomer.ts'
import { boughtTwice } from '../projection/rules.ts'
import { type KnownSubscription, mirroredOf } from '../projection/subscriptions.ts'
import { ownersOf } from '../projection/tellOwners.ts'

/** Looks at Stripe once more, so that nothing is cancelled that has become the only one. May be run again at any step. */
export async function cancelDuplicate(
  app: App,
  { subscription: id }: { subscription: string },
): Promise<void> {
  const known = await app.db
    .selectFrom('subscriptions')
    .select(['account_id', 'stripe_customer_id'])
    .where('stripe_subscription_id', '=', id)
    .executeTakeFirst()
  if (!known || !app.stripe) return
  const stripe = await app.stripe.client()
  await projectCustomer(app, known.stripe_customer_id)
  const all = await mirroredOf(app.db, known.account_id)
  const loser = boughtTwice(all).find((one) => one.id === id)
  const wasCancelledBefore = await isCancelledByUs(stripe, id)
  if (!loser && !wasCancelledBefore) return
  if (loser) {
    await stripe.subscriptions.update(
      id,
      { metadata: { [MARK]: 'duplicate' } },
      { idempotencyKey: `mark-duplicate ${id}` },
    )
    await stripe.subscriptions.cancel(
      id,
      { invoice_now: false, prorate: false },
      { idempotencyKey: `cancel-duplicate ${id}` },
    )
  }
  await turnToRead(app)
  const refunded = await refund(stripe, id)
  await projectCustomer(app, known.stripe_customer_id)
  await tell(
    app,
    known.account_id,
    all.find((one) => one.id === id),
    refunded,
  )
}

/** Set before it is cancelled, so that a job that was cut off in between knows that the refund is still owed. */
const MARK = 'frontgate_cancelled_as'

async function isCancelledByUs(stripe: Stripe, id: string): Promise<boolean> {
  const { metadata, status } = await stripe.subscriptions.retrieve(id)
  return status === 'canceled' && metadata[MARK] === 'duplicate'
}

/** Gives back every payment of the subscription's invoices; one that was given back already is left. */
async function refund(stripe: Stripe, subscription: string): Promise<boolean> {
  let refunded = false
  for await (const invoice of stripe.invoices.list({
    subscription,
    status: 'paid',
    expand: ['data.payments'],
  })) {
    for (const { id, payment } of invoice.payments?.data ?? []) {
      const intent = payment.payment_intent
      if (!intent || invoice.amount_paid === 0) continue
      const payment_intent = typeof intent === 'string' ? intent : intent.id
      const { data: earlier } = await stripe.refunds.list({ payment_intent, limit: 1 })
      if (earlier.length === 0) {
        await stripe.refunds.create(
          { payment_intent, reason: 'duplicate' },
          { idempotencyKey: `refund ${id}` },
        )
      }
      refunded = true
    }
  }
  return refunded
}

async function tell(
  app: App,
  accountId: string,
  one: KnownSubscription | undefined,
  refunded: boolean,
): Promise<void> {
  if (!one) return
  const at = app.now()
  await inTx(app, async (tx) => {
    const plan = await tx
      .selectFrom('plans')
      .select('display_name')
      .where('plan', '=', one.plan ?? '')
      .executeTakeFirst()
    let isNew = false
    for (const owner of await ownersOf(tx, accountId)) {
      const order: MailOrder<'second-subscription-refunded'> = {
        template: 'second-subscription-refunded',
        fill: { plan: plan?.display_name ?? 'the later one', refunded },
        to: { address: owner.email, name: owner.name },
        link: { path: '/billing' },
        userId: owner.id,
        accountId,
        onceKey: `second-subscription ${one.id} ${owner.id}`,
      }
      isNew = (await queueMail(tx, order, at)) || isNew
    }
    const details = { subscription: one.id, refunded }
    if (isNew)
      await audit(tx, systemCaller, { action: 'subscription.duplicate-cancelled', accountId, details }, at)
  })
}
