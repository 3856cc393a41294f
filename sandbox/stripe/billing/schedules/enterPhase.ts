import { mergeMetadata } from '../../engine/metadata.ts'
import { replace } from '../../engine/replace.ts'
import type { World } from '../../world.ts'
import { cancelSubscriptionNow } from '../cancelSubscription.ts'
import { grantAgreed } from '../discounts/makeDiscounts.ts'
import { customerOf, idOf, type Phase, type Schedule, type Subscription } from '../shapes.ts'
import { updateSubscription } from '../subscriptions/updateSubscription.ts'
import { releaseSchedule } from './changeSchedule.ts'
import { changesTo } from './phases.ts'

/** What is to happen when the current phase ends: the next one begins, or the schedule is over. */
export function endPhase(world: World, schedule: Schedule): void {
  const ended = schedule.current_phase?.end_date ?? 0
  const next = schedule.phases.find(({ start_date }) => start_date === ended)
  if (next) enterPhase(world, schedule, next)
  else if (schedule.end_behavior === 'cancel') complete(world, schedule)
  else releaseSchedule(world, schedule.id)
}

function enterPhase(world: World, schedule: Schedule, phase: Phase): void {
  const { start_date, end_date } = phase
  replace(world, 'subscription_schedule', schedule, { ...schedule, current_phase: { start_date, end_date } })
  const subscription = world.store.get('subscription', idOf(schedule.subscription) ?? '')
  if (!subscription) return
  const now = world.now(customerOf(subscription))
  const prepared = world.store.put('subscription', { ...subscription, ...extras(world, subscription, phase) })
  updateSubscription(world, subscription.id, {
    items: changesTo(phase, prepared),
    proration_behavior: phase.proration_behavior as 'create_prorations' | 'always_invoice' | 'none',
    ...(phase.trial_end !== null && phase.trial_end > now && { trial_end: phase.trial_end }),
  })
}

function extras(world: World, subscription: Subscription, phase: Phase): Partial<Subscription> {
  const { metadata, default_payment_method: method, discounts } = phase
  const { currency, id } = subscription
  const bearer = { customer: customerOf(subscription), currency, subscription: id }
  const given = discounts.map(({ coupon, discount, promotion_code }) => {
    if (discount !== null) return { discount: idOf(discount) ?? '' }
    return coupon === null ? { promotion_code: idOf(promotion_code) ?? '' } : { coupon: idOf(coupon) ?? '' }
  })
  return {
    metadata: mergeMetadata(subscription.metadata, metadata ?? undefined),
    ...(method !== null && { default_payment_method: idOf(method) }),
    ...(given.length > 0 && { discounts: grantAgreed(world, given, bearer).map((one) => one.id) }),
  }
}

function complete(world: World, schedule: Schedule): void {
  const after = world.store.put('subscription_schedule', {
    ...schedule,
    completed_at: world.now(customerOf(schedule)),
    current_phase: null,
    status: 'completed',
  })
  world.emit('subscription_schedule.completed', 'subscription_schedule', after)
  cancelSubscriptionNow(world, idOf(schedule.subscription) ?? '', { keepsPending: true, reason: null })
}
