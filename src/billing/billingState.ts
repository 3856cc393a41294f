import type { Snapshot } from '../access/snapshot.ts'
import type { Catalogue, PlanLimit } from '../catalogue/catalogue.ts'
import { describeLimits, describePrice } from '../catalogue/routes.ts'
import type { Secret } from '../config.ts'
import type { AccountFacts, Grant, SubscriptionFacts } from '../entitlements/facts.ts'
import {
  type Decision,
  decide,
  isInForce,
  latestTrial,
  PRO,
  pendingInvites,
  resolveFeatures,
  resolveLimits,
  seatLimit,
} from '../entitlements/rules.ts'
import { type Allowances, endsAt, graceEndsAt, isLive } from '../entitlements/truthTable.ts'
import { type Period, periodOf, usedIn } from '../entitlements/usage/rules.ts'
import { isAtLeast, type Role } from '../http/actor.ts'
import { tagOf } from '../http/etag.ts'

/** The settings that a state depends on. */
export interface StateSettings extends Allowances {
  stripeSecretKey?: Secret
}

const DAY = 86_400_000

/** Billing state as bytes for the wire, good until `changesAt` as long as the snapshot is. */
export interface RenderedState {
  body: string
  etag: string
  from: Date
  changesAt: Date
}

/** Describes and renders the state of an account, and says when time alone will change it. */
export function renderState(
  snapshot: Snapshot,
  catalogue: Catalogue,
  settings: StateSettings,
  at: Date,
): RenderedState {
  const { facts, role } = snapshot
  if (!facts) throw new Error('Billing state is asked of members only')
  const body = JSON.stringify(describeState(facts, role, catalogue, settings, at))
  return { body, etag: tagOf(body), from: at, changesAt: nextChange(facts, catalogue, settings, at) }
}

/** What an account is on, why, until when, and what it has used, in the words of the wire. */
export function describeState(
  facts: AccountFacts,
  role: Role | null,
  catalogue: Catalogue,
  settings: StateSettings,
  at: Date,
) {
  const stripeEnabled = settings.stripeSecretKey !== undefined
  const decision = decide(facts, catalogue, at)
  const { plan } = decision
  const limits = resolveLimits(facts, plan, catalogue, at)
  return {
    account_id: facts.accountId,
    has_pro_entitlement: plan.rank >= catalogue.planOf(PRO).rank,
    plan: plan.plan,
    reason: decision.kind === 'granted' ? decision.grant.source : decision.reason,
    subscription: {
      ...describeSubscription(facts, decision, settings, at),
      seats: {
        purchased: facts.subscription?.seats ?? null,
        used: facts.members,
        pending: pendingInvites(facts, at),
        limit: seatLimit(facts, plan, at),
      },
    },
    plan_limits: describeLimits(limits),
    plan_billing: describePrice(plan),
    features: resolveFeatures(facts, plan, catalogue, at),
    usage: describeUsage(facts, limits, decision, at),
    actions: stripeEnabled ? actionsOf(facts, role) : { checkout: false, portal: false },
    stripe_enabled: stripeEnabled,
  }
}

/** The status that is shown: what Stripe says of a subscription, else what the grants say. */
export function shownStatus(facts: AccountFacts, at: Date): string {
  const subscription = subscriptionToShow(facts, at)
  if (subscription) return subscription.status
  if (isComplimentary(facts, at)) return 'complimentary'
  const trial = latestTrial(facts, at)
  if (!trial) return 'none'
  return isInForce(trial, at) ? 'trialing' : 'trial_expired'
}

/** A subscription that is not live is not shown while the account is complimentary. */
function subscriptionToShow(facts: AccountFacts, at: Date): SubscriptionFacts | null {
  const { subscription } = facts
  return subscription && !isLive(subscription) && isComplimentary(facts, at) ? null : subscription
}

function isComplimentary({ grants }: AccountFacts, at: Date): boolean {
  return grants.some((grant) => grant.source === 'complimentary' && isInForce(grant, at))
}

/** What this member may set going; Stripe is not asked for it. */
function actionsOf({ subscription }: AccountFacts, role: Role | null) {
  const mayBuy = role !== null && isAtLeast(role, 'admin')
  const isSubscribed = subscription !== null && isLive(subscription)
  return { checkout: mayBuy && !isSubscribed, portal: mayBuy && subscription?.isCustomer === true }
}

function describeSubscription(facts: AccountFacts, decision: Decision, allowances: Allowances, at: Date) {
  const subscription = subscriptionToShow(facts, at)
  const trialEnd = trialEndOf(facts, at)
  return {
    status: shownStatus(facts, at),
    source: decision.kind === 'granted' ? decision.grant.source : null,
    interval: subscription?.interval ?? null,
    trial_ends_at: trialEnd?.toISOString() ?? null,
    trial_days_remaining: trialEnd && daysLeft(trialEnd, at),
    current_period_end: subscription?.currentPeriodEnd?.toISOString() ?? null,
    cancel_at_period_end: subscription?.cancelAtPeriodEnd ?? false,
    ends_at: (subscription ? endsAt(subscription) : endOf(decision))?.toISOString() ?? null,
    grace_ends_at: (subscription && graceEndsAt(subscription, allowances)?.toISOString()) ?? null,
    scheduled_change: subscription?.scheduled ?? null,
  }
}

/** The end of the trial at Stripe while it runs, else of the latest one without a card. */
function trialEndOf(facts: AccountFacts, at: Date): Date | null {
  const { subscription } = facts
  const atStripe = subscription?.status === 'trialing' ? subscription.trialEnd : null
  return atStripe ?? latestTrial(facts, at)?.until ?? null
}

/** When complimentary access is given until a date, that is when it ends. A trial has fields of its own. */
function endOf(decision: Decision): Date | null {
  return decision.kind === 'granted' && decision.grant.source !== 'trial' ? decision.grant.until : null
}

function daysLeft(until: Date, at: Date): number {
  return Math.max(0, Math.ceil((until.getTime() - at.getTime()) / DAY))
}

/** What is used of rates; levels have nothing to reset. */
function describeUsage(facts: AccountFacts, limits: Record<string, PlanLimit>, decision: Decision, at: Date) {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, limit]) => {
      const period: Period = periodOf(limit, decision, at)
      if (!period.end) return []
      const used = usedIn(facts, name, period)
      return [[name, { used, limit: limit.amount, resets_at: period.end.toISOString() }]]
    }),
  )
}

/** The first instant after `at` at which the same facts read differently. */
function nextChange(facts: AccountFacts, catalogue: Catalogue, allowances: Allowances, at: Date): Date {
  const decision = decide(facts, catalogue, at)
  const limits = Object.values(resolveLimits(facts, decision.plan, catalogue, at))
  const trialEnd = trialEndOf(facts, at)
  const instants = [
    ...facts.grants.flatMap(({ from, until }: Grant) => [from, until]),
    ...facts.featureOverrides.map(({ until }) => until),
    ...facts.limitOverrides.map(({ until }) => until),
    ...facts.inviteEnds,
    ...limits.map((limit) => periodOf(limit, decision, at).end),
    facts.subscription && graceEndsAt(facts.subscription, allowances),
    // The countdown of days falls by one at each whole day before the end.
    trialEnd && trialEnd > at ? new Date(trialEnd.getTime() - (daysLeft(trialEnd, at) - 1) * DAY) : null,
  ]
  const ahead = instants.flatMap((instant) => (instant && instant > at ? [instant.getTime()] : []))
  return new Date(Math.min(...ahead, at.getTime() + 31 * DAY))
}
