import type { components } from '../api/schema.ts'

type BillingState = components['schemas']['BillingState']
type Plan = components['schemas']['Plan']
type User = components['schemas']['User']

/** What a part of a page needs to be shown. */
export type Need =
  | { kind: 'plan'; plan: string }
  | { kind: 'feature'; feature: string }
  /** One more than are used: by the product's own count, else by the service's. */
  | { kind: 'limit'; limit: string; used: number | undefined }

/** Whether a part of a page is shown, or why not, and the plan that would open it where one would. */
export type Opening =
  | { kind: 'open' }
  | { kind: 'unverified' }
  | { kind: 'closed'; reason: string | null; required: Plan | null }

/** Decides as the service's guard would: the mailbox after its grace first, then the plan or the feature. */
export function decideOpening(
  need: Need,
  { user, state, plans }: { user: User; state: BillingState; plans: readonly Plan[] },
  at: Date,
): Opening {
  if (isGraceOver(user, at)) return { kind: 'unverified' }
  if (need.kind === 'plan') return decidePlan(need.plan, state, plans)
  if (need.kind === 'feature') return decideFeature(need.feature, state, plans)
  return decideLimit(need, state, plans)
}

/** Whether somebody has let the time pass in which an address has to be verified. */
export function isGraceOver({ email_verified, verification_grace_ends_at: end }: User, at: Date): boolean {
  return !email_verified && (end === null || at.getTime() >= Date.parse(end))
}

function decidePlan(wanted: string, state: BillingState, plans: readonly Plan[]): Opening {
  if (state.plan === wanted) return { kind: 'open' }
  const has = rankOf(state.plan, plans)
  const needs = rankOf(wanted, plans)
  const isGranted = state.subscription.source !== null
  // A plan that is not for sale has no place in the list. It was given on purpose, so the server's guard is left to refuse.
  if (has < 0 && isGranted) return { kind: 'open' }
  if (has >= 0 && needs >= 0 && has >= needs) return { kind: 'open' }
  return {
    kind: 'closed',
    reason: isGranted ? 'plan-too-low' : state.reason,
    required: plans[needs] ?? null,
  }
}

function decideFeature(feature: string, state: BillingState, plans: readonly Plan[]): Opening {
  if (state.features[feature] === true) return { kind: 'open' }
  const has = rankOf(state.plan, plans)
  const required = plans.find((plan, rank) => rank > has && plan.features[feature] === true)
  const isGranted = state.subscription.source !== null
  return { kind: 'closed', reason: isGranted ? 'plan-too-low' : state.reason, required: required ?? null }
}

function decideLimit(
  need: Extract<Need, { kind: 'limit' }>,
  state: BillingState,
  plans: readonly Plan[],
): Opening {
  const { used, limit } = countOf(need, state)
  if (limit === null || used < limit) return { kind: 'open' }
  const has = rankOf(state.plan, plans)
  const required = plans.find(({ limits }, rank) => {
    const amount = amountOf(limits[need.limit])
    return rank > has && (amount === null || amount > used)
  })
  const isGranted = state.subscription.source !== null
  return { kind: 'closed', reason: isGranted ? 'plan-too-low' : state.reason, required: required ?? null }
}

/** How much of a limit is used, how much there may be (null: any number), and when more comes. */
export function countOf(
  { limit: name, used }: Extract<Need, { kind: 'limit' }>,
  { usage, plan_limits }: BillingState,
): { used: number; limit: number | null; resetsAt: string | null } {
  const counted = usage[name]
  return {
    used: used ?? counted?.used ?? 0,
    limit: counted ? counted.limit : amountOf(plan_limits[name]),
    resetsAt: counted?.resets_at ?? null,
  }
}

/** Where nothing is said of a limit the server's guard is left to refuse. */
function amountOf(limit: BillingState['plan_limits'][string] | undefined): number | null {
  return typeof limit === 'object' && limit !== null ? limit.amount : (limit ?? null)
}

function rankOf(name: string, plans: readonly Plan[]): number {
  return plans.findIndex(({ plan }) => plan === name)
}

const DAY = 86_400_000

/** The first instant at which time alone changes what a state says; in the past where the service has not seen it yet. */
export function nextChange(state: BillingState, at: Date): Date | null {
  const { status, trial_ends_at, trial_days_remaining, ends_at, grace_ends_at, current_period_end } =
    state.subscription
  const trialEnd = status === 'trialing' && trial_ends_at ? Date.parse(trial_ends_at) : null
  const ahead = [current_period_end, ...Object.values(state.usage).map(({ resets_at }) => resets_at)]
    .flatMap((instant) => (instant ? [Date.parse(instant)] : []))
    .filter((instant) => instant > at.getTime())
  const instants = [
    ...ahead,
    ...(trialEnd ? [trialEnd - Math.max(0, (trial_days_remaining ?? 1) - 1) * DAY] : []),
    ...(ends_at && state.subscription.source !== null ? [Date.parse(ends_at)] : []),
    ...(grace_ends_at && state.subscription.source === 'stripe' ? [Date.parse(grace_ends_at)] : []),
  ]
  return instants.length > 0 ? new Date(Math.min(...instants)) : null
}

/** What a plan offers to whoever looks at it. */
export type Offer =
  /** Pay for it. */
  | { kind: 'checkout'; isKept: boolean }
  /** It is running: see to it at Stripe. */
  | { kind: 'portal' }
  /** Another one is running: change it at Stripe. */
  | { kind: 'change' }
  | { kind: 'sales' }
  | { kind: 'register' }
  | { kind: 'nothing' }

/** Decides what can be done about a plan by somebody who is signed in (`state`), or by a stranger (null). */
export function decideOffer(
  plan: Plan,
  state: BillingState | null,
  config: { self_serve_enabled: boolean; stripe_enabled: boolean },
): Offer {
  if (plan.contact_sales) return { kind: state?.plan === plan.plan ? 'nothing' : 'sales' }
  const isPriced = plan.month !== null || plan.year !== null
  if (!state) return { kind: config.self_serve_enabled ? 'register' : 'sales' }
  if (!isPriced) return { kind: 'nothing' }
  const isCurrent = state.plan === plan.plan
  if (!config.stripe_enabled) return { kind: isCurrent ? 'nothing' : 'sales' }
  if (state.actions.checkout) return { kind: 'checkout', isKept: isCurrent }
  if (state.actions.portal) return { kind: isCurrent ? 'portal' : 'change' }
  return { kind: 'nothing' }
}
