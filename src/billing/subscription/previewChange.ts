import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { problem } from '../../problems.ts'
import { type Ordered, priceOrder } from '../priceOrder.ts'
import { currentSubscription, itemOf } from './currentSubscription.ts'
import { decideChange } from './rules.ts'

/** What a change would cost, and from when it would count. */
export interface ChangePreview {
  takesEffect: 'now' | 'at-period-end' | 'never'
  at: Date
  /** What is charged when it takes effect; below zero it is credited. */
  amountDue: number
  currency: string
  lines: { description: string; amount: number }[]
  /** For the change itself, so that it costs what was shown. */
  prorationDate: number | null
}

/** Reckons a change as Stripe will, without changing anything. */
export async function previewChange(app: App, stripe: Stripe, ordered: Ordered): Promise<ChangePreview> {
  const { customer, subscription: mirrored } = await currentSubscription(app, ordered.actor.accountId)
  const { price, quantity, ...target } = await priceOrder(app, ordered, mirrored)
  const decision = decideChange(
    mirrored,
    { ...target, quantity },
    (plan) => ordered.catalogue.planOf(plan).rank,
  )
  if (decision.kind === 'refused') throw problem('subscription-not-changeable', { reason: decision.reason })
  const subscription = await stripe.subscriptions.retrieve(mirrored.id)
  const item = itemOf(subscription, mirrored)
  if (decision.kind === 'nothing' || decision.kind === 'keep') {
    return {
      takesEffect: 'never',
      at: app.now(),
      amountDue: 0,
      currency: item.price.currency,
      lines: [],
      prorationDate: null,
    }
  }
  const isNow = decision.kind === 'now'
  const prorationDate = Math.floor(app.now().getTime() / 1000)
  const invoice = await stripe.invoices.createPreview({
    customer: customer.stripeId,
    subscription: subscription.id,
    subscription_details: {
      items: [{ id: item.id, price, quantity }],
      ...(isNow
        ? { proration_behavior: 'always_invoice', proration_date: prorationDate }
        : { proration_behavior: 'none' }),
    },
  })
  return {
    takesEffect: decision.kind,
    at: isNow ? new Date(prorationDate * 1000) : mirrored.currentPeriodEnd,
    amountDue: invoice.total,
    currency: invoice.currency,
    lines: invoice.lines.data.map(({ description, amount }) => ({ description: description ?? '', amount })),
    prorationDate: isNow ? prorationDate : null,
  }
}
