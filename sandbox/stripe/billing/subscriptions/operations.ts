import Type, { type Static } from 'typebox'
import { mergeMetadata } from '../../engine/metadata.ts'
import { replace } from '../../engine/replace.ts'
import { type Operation, operation } from '../../operation.ts'
import { noSuch, StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { cancelSubscriptionNow } from '../cancelSubscription.ts'
import { cancellationDetails, flag, maybe, prorationBehavior, seconds, words } from '../params.ts'
import { creditUnused } from '../prorations/prorate.ts'
import { customerOf, idOf, type Subscription } from '../shapes.ts'
import { noCancellation } from './buildSubscription.ts'
import { createSubscription } from './createSubscription.ts'
import { pauseSubscription } from './endTrial.ts'
import { getLiveSubscription, getSubscription, isEnded } from './items.ts'
import { listParams, listSubscriptions } from './listSubscriptions.ts'
import { createParams, type UpdateParams, updateParams } from './params.ts'
import { resumeSubscription } from './resumeSubscription.ts'
import { updateSubscription } from './updateSubscription.ts'

const cancelParams = Type.Object({
  cancellation_details: cancellationDetails,
  invoice_now: maybe(flag),
  prorate: maybe(flag),
})

const resumeParams = Type.Object({
  billing_cycle_anchor: maybe(Type.Object({ type: words('now', 'unchanged') })),
  payment_behavior: maybe(words('resume_on_payment_attempt', 'resume_on_payment_success')),
  proration_behavior: prorationBehavior,
  proration_date: maybe(seconds),
})

const pauseParams = Type.Object({
  bill_for: maybe(
    Type.Object({
      outstanding_usage_through: maybe(Type.Object({ type: words('none', 'now') })),
      unused_time_from: maybe(Type.Object({ type: words('item_current_period_start', 'none', 'now') })),
    }),
  ),
  invoicing_behavior: maybe(words('invoice', 'pending_invoice_item')),
  type: maybe(words('subscription')),
})

/** https://docs.stripe.com/api/subscriptions */
export const subscriptionOperations: Operation[] = [
  operation({
    method: 'POST',
    path: '/v1/subscriptions',
    params: createParams,
    handle: (world, params) => createSubscription(world, params).subscription,
  }),
  operation({ method: 'GET', path: '/v1/subscriptions', params: listParams, handle: listSubscriptions }),
  operation({
    method: 'GET',
    path: '/v1/subscriptions/:id',
    params: Type.Object({}),
    handle: (world, _, { id }) => getSubscription(world, id),
  }),
  operation({
    method: 'POST',
    path: '/v1/subscriptions/:id',
    params: updateParams,
    handle: (world, params, { id }) => update(world, id, params),
  }),
  operation({
    method: 'DELETE',
    path: '/v1/subscriptions/:id',
    params: cancelParams,
    handle: (world, params, { id }) => cancel(world, id, params),
  }),
  operation({
    method: 'POST',
    path: '/v1/subscriptions/:id/resume',
    params: resumeParams,
    handle: (world, { billing_cycle_anchor: anchor, payment_behavior: behaviour }, { id }) =>
      resumeSubscription(world, id, {
        keepsAnchor: anchor?.type === 'unchanged',
        waitsForPayment: behaviour === 'resume_on_payment_success',
      }),
  }),
  operation({
    method: 'POST',
    path: '/v1/subscriptions/:id/pause',
    params: pauseParams,
    handle: (world, params, { id }) => pause(world, getLiveSubscription(world, id), params),
  }),
  operation({
    method: 'DELETE',
    path: '/v1/subscriptions/:id/discount',
    params: Type.Object({}),
    handle: (world, _, { id }) => deleteDiscount(world, getLiveSubscription(world, id)),
  }),
]

/** One that has ended takes metadata and the reasons for its end, and nothing else. */
function update(world: World, id: string, params: UpdateParams): Subscription {
  const held = getSubscription(world, id)
  if (!isEnded(held)) return updateSubscription(world, id, params)
  const { metadata, cancellation_details: details, ...rest } = params
  if (Object.keys(rest).length > 0) {
    throw new StripeRefusal(
      'A canceled subscription can only update its cancellation_details and metadata.',
      {
        code: 'invalid_canceled_subscription_fields',
      },
    )
  }
  const given = Object.fromEntries(
    Object.entries(details ?? {}).map(([name, value]) => [name, value || null]),
  )
  const after = {
    ...held,
    metadata: mergeMetadata(held.metadata, metadata),
    cancellation_details: { ...(held.cancellation_details ?? noCancellation()), ...given },
  }
  return replace(world, 'subscription', held, after, 'customer.subscription.updated')
}

function cancel(world: World, id: string, params: Static<typeof cancelParams>): Subscription {
  const { invoice_now: invoiceNow = false, prorate = false, cancellation_details: details = {} } = params
  return cancelSubscriptionNow(world, id, { invoiceNow, prorate, details, reason: 'cancellation_requested' })
}

function pause(world: World, subscription: Subscription, params: Static<typeof pauseParams>): Subscription {
  if (subscription.schedule !== null) {
    throw new StripeRefusal(
      `A subscription with a schedule attached cannot be paused: \`${idOf(subscription.schedule)}\`.`,
    )
  }
  if (subscription.status !== 'active' && subscription.status !== 'trialing') {
    throw new StripeRefusal(`A subscription that is ${subscription.status} cannot be paused.`, {
      code: 'status_transition_invalid',
    })
  }
  if (params.bill_for?.unused_time_from?.type !== 'none' && subscription.status === 'active') {
    const now = world.now(customerOf(subscription))
    for (const item of subscription.items.data) creditUnused(world, subscription, item, now)
  }
  return pauseSubscription(world, getLiveSubscription(world, subscription.id), 'pause_requested')
}

function deleteDiscount(world: World, subscription: Subscription): object {
  const id = idOf(subscription.discounts[0])
  const discount = world.store.get('discount', id ?? '')
  if (!discount) throw noSuch('discount', subscription.id)
  const after = { ...subscription, discounts: subscription.discounts.slice(1) }
  replace(world, 'subscription', subscription, after, 'customer.subscription.updated')
  const { end: _end, ...deleted } = discount
  return { ...deleted, deleted: true }
}
