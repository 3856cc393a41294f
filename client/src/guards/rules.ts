import { type Caller, isAtLeast, type Role, type Source } from './caller.ts'
import type { Claims } from './claims.ts'

/** What a route asks for. A plan or a feature asks for a verified mailbox too, once the grace for it is over. */
export interface Requirement {
  /** This role or a higher one. */
  role?: Role
  /** The mailbox is verified, or there is time left to do so. */
  verifiedEmail?: boolean
  /** This plan or a higher one. */
  plan?: string
  /** Each of these is on for the account. */
  features?: readonly string[]
}

/** Why an account that asks for a paid plan does not have it. */
export type SubscriptionReason =
  | 'trial-expired'
  | 'canceled'
  | 'past-due'
  | 'unpaid'
  | 'never-subscribed'
  | 'plan-too-low'

/** A request may go on. */
export interface Passed {
  readonly kind: 'passed'
  readonly caller: Caller
  /** Whether that is so by what the service said within the stated time, or by what the token says. */
  readonly basis: 'live' | 'token'
}

/** What an account may do from one instant to another. Instants are milliseconds since 1970. */
export interface Span {
  /** Where it ends; infinite for the last one. */
  until: number
  /** The verdict on whatever it opens, made once. */
  passed: Passed
  /** Why the plan is free for want of a grant. */
  reason: SubscriptionReason | null
  /** Names of plans that are open, and of features that are on; null where that is not told. */
  opens: ReadonlySet<string> | null
  features: ReadonlySet<string> | null
  /** The lowest public plan that would open each feature that is off; null where that is not told. */
  missing: Readonly<Record<string, string | null>> | null
  /** Null where they are not told. */
  limits: Readonly<Record<string, { per: string | null; amount: number | null }>> | null
}

/** A member of an account, and what that account may do when. */
export interface Standing {
  /** Null for a verified mailbox. */
  graceEndsAt: number | null
  /** One after another without gaps; the last has no end. */
  spans: readonly Span[]
}

/** Whether a route opens; `untold` where what is known does not say. */
export type Outcome =
  | { kind: 'passed' }
  | { kind: 'untold' }
  | { kind: 'role-too-low'; least: Role; role: Role }
  | { kind: 'unverified'; graceEndedAt: number }
  | { kind: 'plan-required'; reason: SubscriptionReason; required: string }
  | { kind: 'feature-missing'; feature: string }

const PASSED: Outcome = { kind: 'passed' }
const UNTOLD: Outcome = { kind: 'untold' }

/** Whether a route opens to a member, in the order in which the service itself asks. */
export function decide(
  { graceEndsAt }: Pick<Standing, 'graceEndsAt'>,
  { passed: { caller }, reason, opens, features }: Span,
  requirement: Requirement,
  at: number,
): Outcome {
  const { role, plan, features: needed } = requirement
  if (role !== undefined && !isAtLeast(caller.role, role)) {
    return { kind: 'role-too-low', least: role, role: caller.role }
  }
  if (graceEndsAt !== null && graceEndsAt <= at && asksForMailbox(requirement)) {
    return { kind: 'unverified', graceEndedAt: graceEndsAt }
  }
  if (plan !== undefined) {
    if (opens === null && caller.plan !== plan) return UNTOLD
    if (opens !== null && !opens.has(plan)) {
      return { kind: 'plan-required', reason: reason ?? 'plan-too-low', required: plan }
    }
  }
  if (needed !== undefined) {
    for (let i = 0; i < needed.length; i++) {
      if (features === null) return UNTOLD
      const feature = needed[i] as string
      if (!features.has(feature)) return { kind: 'feature-missing', feature }
    }
  }
  return PASSED
}

/** Of one member's spans the one that holds an instant. */
export function spanAt({ spans }: Standing, at: number): Span {
  for (let i = 0; i < spans.length; i++) {
    const span = spans[i] as Span
    if (at < span.until) return span
  }
  throw new RangeError('The last span has no end')
}

/** Whether a token may be used: it has not expired, and does not claim to live longer than any that is issued. */
export function isInTime({ exp }: Pick<Claims, 'exp'>, at: number, skewMs: number): boolean {
  const expires = exp * 1000
  return at < expires + skewMs && expires <= at + LONGEST_LIFE_MS + Math.max(skewMs, ISSUER_SKEW_MS)
}

const LONGEST_LIFE_MS = 600_000
/** What the service itself allows between the clocks of its processes. */
const ISSUER_SKEW_MS = 60_000

/**
 * What a token says of its bearer; null for one who is in no account, or has to prove a second factor there first. From the end of its grant on the account is
 * on free, and what that has of features is not told.
 */
export function standingOfClaims(claims: Claims, token: string): Standing | null {
  const { sub, sid, account_id, role, email_verified, ent, needs_second_factor } = claims
  if (needs_second_factor) return null
  if (account_id === null || role === null || ent === null) return null
  const common = { userId: sub, sessionId: sid, accountId: account_id, role, emailVerified: email_verified }
  const passedOn = (plan: string, source: Source | null) =>
    passedBy('token', { ...common, plan, source, token })
  const untold = { missing: null, limits: null }
  const until = ent.until === null ? Number.POSITIVE_INFINITY : Date.parse(ent.until)
  const first: Span = {
    until,
    passed: passedOn(ent.plan, ent.source),
    reason: ent.reason,
    opens: ent.opens ? new Set(ent.opens) : null,
    features: ent.features ? new Set(ent.features) : null,
    ...untold,
  }
  const after: Span = {
    until: Number.POSITIVE_INFINITY,
    passed: passedOn('free', null),
    reason: whyOver(ent.source),
    opens: new Set(['free']),
    features: null,
    ...untold,
  }
  return {
    graceEndsAt:
      claims.verification_grace_ends_at === null ? null : Date.parse(claims.verification_grace_ends_at),
    spans: until === Number.POSITIVE_INFINITY ? [first] : [first, after],
  }
}

/** The verdict on a caller, which nobody can change behind the back of the next request. */
export function passedBy(basis: Passed['basis'], caller: Caller): Passed {
  return Object.freeze({ kind: 'passed', caller: Object.freeze(caller), basis })
}

function asksForMailbox({ verifiedEmail, plan, features }: Requirement): boolean {
  return verifiedEmail === true || plan !== undefined || (features !== undefined && features.length > 0)
}

function whyOver(source: Source | null): SubscriptionReason {
  if (source === 'trial') return 'trial-expired'
  return source === 'stripe' ? 'canceled' : 'never-subscribed'
}
