import { mergeMetadata } from '../../engine/metadata.ts'
import { replace } from '../../engine/replace.ts'
import { noSuch, StripeRefusal } from '../../refusal.ts'
import { newId, type World } from '../../world.ts'
import { customerOf, idOf, type Phase, type Schedule, type Subscription } from '../shapes.ts'
import { getLiveSubscription } from '../subscriptions/items.ts'
import { updateSubscription } from '../subscriptions/updateSubscription.ts'
import { blankSchedule } from './blankSchedule.ts'
import type { UpdateParams } from './params.ts'
import { buildPhases, changesTo, phaseOfNow } from './phases.ts'

/** Puts a subscription under a schedule, whose only phase is what the subscription is now. */
export function scheduleSubscription(world: World, id: string): Schedule {
  const subscription = getLiveSubscription(world, id, 'from_subscription')
  if (subscription.schedule !== null) {
    throw new StripeRefusal(
      `You cannot migrate a subscription that is already attached to a schedule: \`${idOf(subscription.schedule)}\`.`,
      { param: 'from_subscription' },
    )
  }
  const phase = phaseOfNow(subscription)
  const schedule = world.store.put('subscription_schedule', {
    ...blankSchedule(newId('sub_sched'), subscription, world.now(customerOf(subscription))),
    current_phase: { start_date: phase.start_date, end_date: phase.end_date },
    phases: [phase],
  })
  world.emit('subscription_schedule.created', 'subscription_schedule', schedule)
  attach(world, subscription, schedule.id)
  return schedule
}

/** Changes the phases to come, and the one that is now: the subscription follows at once. */
export function updateSchedule(world: World, id: string, params: UpdateParams): Schedule {
  const before = getActiveSchedule(world, id)
  const now = world.now(customerOf(before))
  const phases = params.phases ? buildPhases(world, before, params.phases, now) : before.phases
  const current = phases.find(({ start_date, end_date }) => start_date <= now && now < end_date)
  if (!current) {
    throw new StripeRefusal('The current phase of the schedule has to be among the phases.', {
      param: 'phases',
    })
  }
  const after = replace(world, 'subscription_schedule', before, {
    ...before,
    current_phase: { start_date: current.start_date, end_date: current.end_date },
    end_behavior: params.end_behavior ?? before.end_behavior,
    metadata: mergeMetadata(before.metadata, params.metadata),
    phases,
  })
  if (params.phases) followPhase(world, after, current, params.proration_behavior ?? 'create_prorations')
  return after
}

function followPhase(
  world: World,
  schedule: Schedule,
  phase: Phase,
  proration_behavior: NonNullable<UpdateParams['proration_behavior']>,
): void {
  const subscription = getLiveSubscription(world, idOf(schedule.subscription) ?? '')
  const items = changesTo(phase, subscription)
  const isSame = items.every((change) => {
    const held = subscription.items.data.find((item) => item.id === change.id)
    return held && held.price.id === change.price && held.quantity === change.quantity
  })
  const isOver = phase.trial_end === null || phase.trial_end <= world.now(customerOf(subscription))
  const trialEnd = isOver || phase.trial_end === subscription.trial_end ? null : phase.trial_end
  if (isSame && trialEnd === null) return
  updateSubscription(world, subscription.id, {
    items,
    proration_behavior,
    ...(trialEnd !== null && { trial_end: trialEnd }),
  })
}

/** Leaves the subscription as it is, and no longer under the schedule. */
export function releaseSchedule(world: World, id: string): Schedule {
  const before = getActiveSchedule(world, id)
  const subscription = idOf(before.subscription)
  const after = world.store.put('subscription_schedule', {
    ...before,
    current_phase: null,
    released_at: world.now(customerOf(before)),
    released_subscription: subscription,
    status: 'released',
    subscription: null,
  })
  world.emit('subscription_schedule.released', 'subscription_schedule', after)
  const held = world.store.get('subscription', subscription ?? '')
  if (held) attach(world, held, null)
  return after
}

/** The schedule of a path or parameter. */
export function getSchedule({ store }: World, id: string, param?: string): Schedule {
  const schedule = store.get('subscription_schedule', id)
  if (!schedule) throw noSuch('subscription schedule', id, param)
  return schedule
}

/** The same, refused when it is over. */
export function getActiveSchedule(world: World, id: string): Schedule {
  const schedule = getSchedule(world, id)
  if (schedule.status === 'active' || schedule.status === 'not_started') return schedule
  throw new StripeRefusal(
    `You cannot change a subscription schedule that is in the \`${schedule.status}\` status. Only schedules that are \`not_started\` or \`active\` can be changed.`,
  )
}

function attach(world: World, subscription: Subscription, schedule: string | null): void {
  replace(world, 'subscription', subscription, { ...subscription, schedule }, 'customer.subscription.updated')
}
