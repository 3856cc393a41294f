import type { components } from '@frontgate/client'
import { formatDate } from '@frontgate/client/react'
import type { Words } from '../words/words.ts'
import { sayPrice } from './sayPrice.ts'

type BillingState = components['schemas']['BillingState']
type Plan = components['schemas']['Plan']

/** How an account stands, for whoever pays. */
export interface Standing {
  /** A key of the words for badges. */
  badge: string
  tone: 'good' | 'calm' | 'pressing'
  /** Whole sentences, the most important one first. */
  says: string[]
}

interface Reader {
  words: Words
  locale: string
  plans: readonly Plan[]
  at: Date
}

/** Says what an account is on, why, until when, and what comes then. */
export function standingOf(state: BillingState, reader: Reader): Standing {
  const { words, locale, plans, at } = reader
  const { subscription, plan_billing: billing } = state
  const { status, source, interval, trial_ends_at, ends_at, grace_ends_at, current_period_end } = subscription
  const said = words.billing.standing
  const plan = billing.display_name
  const free = freePlan(plans)
  const on = (instant: string) => formatDate(instant, at, locale)
  const stand = (tone: Standing['tone'], ...says: string[]): Standing => ({ badge: status, tone, says })

  // Given by staff, whatever there is or was at Stripe.
  if (source === 'override' && status !== 'past_due' && status !== 'unpaid') {
    const says = ends_at ? said.overrideUntil(plan, on(ends_at)) : said.override(plan)
    return { badge: 'override', tone: 'good', says: [says] }
  }
  switch (status) {
    case 'trialing':
      if (ends_at) return { ...stand('pressing', said.ends(plan, on(ends_at), free)), badge: 'ending' }
      if (!trial_ends_at) return stand('calm')
      if (source === 'stripe') {
        const price = sayPrice(billing, { interval, seats: subscription.seats.purchased }, words, locale)
        return stand('good', said.trialPaid(plan, on(trial_ends_at), price ?? plan), ...sayChange())
      }
      return stand('calm', said.trial(plan, on(trial_ends_at), leftOf(state, words), free))
    case 'trial_expired':
      return stand(
        'pressing',
        trial_ends_at ? said.trialOver(plan, on(trial_ends_at)) : said.trialOverUndated(plan),
      )
    case 'active': {
      if (ends_at) return { ...stand('pressing', said.ends(plan, on(ends_at), free)), badge: 'ending' }
      if (!current_period_end) return stand('good', ...sayChange())
      const price = sayPrice(billing, { interval, seats: subscription.seats.purchased }, words, locale)
      const change = sayChange()
      if (change.length > 0 && price) return stand('good', `${said.changes(plan, price)} ${change.join(' ')}`)
      const renews = price
        ? said.renews(plan, price, on(current_period_end))
        : said.renewsUnpriced(plan, on(current_period_end))
      return stand('good', renews, ...change)
    }
    case 'past_due':
      if (!grace_ends_at) return stand('pressing', said.pastDue)
      return Date.parse(grace_ends_at) > at.getTime()
        ? stand('pressing', said.pastDueUntil(on(grace_ends_at)))
        : stand('pressing', said.pastDueOver)
    case 'unpaid':
    case 'paused':
    case 'incomplete':
      return stand('pressing', said[status])
    case 'incomplete_expired':
      return stand('calm', said.incompleteExpired)
    case 'canceled':
      return stand('calm', said.canceled(plan))
    case 'complimentary':
      return stand(
        'good',
        ends_at ? said.complimentaryUntil(plan, on(ends_at), free) : said.complimentary(plan),
      )
    default:
      return stand('calm', said.none(plan))
  }

  function sayChange(): string[] {
    const change = subscription.scheduled_change
    if (!change) return []
    const to = plans.find((one) => one.plan === change.plan)?.display_name ?? change.plan
    if (to !== null && change.plan !== state.plan) return [said.changesTo(to, on(change.at))]
    if (change.interval !== null && change.interval !== interval)
      return [change.interval === 'year' ? said.yearlyFrom(on(change.at)) : said.monthlyFrom(on(change.at))]
    return [said.seatsFrom(words.billing.seatCount(change.quantity), on(change.at))]
  }
}

/** How long a trial still goes on. */
export const leftOf = ({ subscription }: BillingState, words: Words) =>
  words.billing.days(subscription.trial_days_remaining ?? 0)

/** What the plan is called that is left when nothing is paid for. */
const freePlan = (plans: readonly Plan[]) => plans.find(({ plan }) => plan === 'free')?.display_name ?? 'Free'
