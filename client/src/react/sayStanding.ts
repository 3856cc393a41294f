import type { components } from '../api/schema.ts'
import { formatDate } from './format.ts'
import type { Language } from './words.ts'

type BillingState = components['schemas']['BillingState']

/** One thing that is so, or will be at some time; `isPressing` where somebody should see to it. */
export interface Standing {
  says: string
  isPressing: boolean
}

/** What happens to an account's plan, and when; `nameOf` knows what plans are called. */
export function sayStanding(
  { subscription, plan_billing }: Pick<BillingState, 'subscription' | 'plan_billing'>,
  { words, locale }: Language,
  at: Date,
  nameOf: (plan: string) => string,
): Standing[] {
  const { trial_ends_at, trial_days_remaining, current_period_end, ends_at, grace_ends_at } = subscription
  const on = (instant: string) => formatDate(instant, at, locale)
  const calm = (says: string) => ({ says, isPressing: false })
  const pressing = (says: string) => ({ says, isPressing: true })
  const ends = ends_at ? [pressing(words.ends(on(ends_at)))] : null
  switch (subscription.status) {
    case 'trialing': {
      const left = trial_days_remaining ?? 0
      const trial = trial_ends_at
        ? [{ ...calm(sayTrial(left, on(trial_ends_at))), isPressing: left <= 3 }]
        : []
      return [...trial, ...(ends ?? [])]
    }
    case 'trial_expired':
      return trial_ends_at ? [pressing(words.trialOver(on(trial_ends_at)))] : []
    case 'active':
      return (
        ends ?? [...(current_period_end ? [calm(words.renews(on(current_period_end)))] : []), ...sayChange()]
      )
    case 'past_due':
      if (!grace_ends_at) return [pressing(words.pastDue)]
      return Date.parse(grace_ends_at) > at.getTime()
        ? [pressing(words.pastDueUntil(on(grace_ends_at)))]
        : [pressing(words.pastDueOver)]
    case 'complimentary':
      return [calm(ends_at ? words.complimentaryUntil(on(ends_at)) : words.complimentary)]
    case 'unpaid':
    case 'paused':
    case 'incomplete':
      return [pressing(words[subscription.status])]
    case 'canceled':
    case 'incomplete_expired':
      return [calm(words.canceled)]
    default:
      return []
  }

  function sayTrial(left: number, end: string): string {
    return `${words.trialLeft(left)}. ${words.trialEnds(end)}`
  }

  function sayChange(): Standing[] {
    const { scheduled_change: change, interval } = subscription
    if (!change) return []
    const says =
      change.plan !== null && change.plan !== plan_billing.plan
        ? words.changesTo(nameOf(change.plan), on(change.at))
        : change.interval === null || change.interval === interval
          ? null
          : change.interval === 'year'
            ? words.yearlyFrom(on(change.at))
            : words.monthlyFrom(on(change.at))
    return says === null ? [] : [calm(says)]
  }
}
