import { isRole, type Role, type Source } from './caller.ts'
import type { SubscriptionReason } from './rules.ts'

/** What an access token says (RFC 9068). */
export interface Claims {
  /** UUID of the user. */
  sub: string
  /** UUID of the session. */
  sid: string
  /** UUID of the account; null for users who are in none. */
  account_id: string | null
  role: Role | null
  email_verified: boolean
  /** RFC 3339; null when the mailbox is verified. */
  verification_grace_ends_at: string | null
  ent: Entitlement | null
  /** The account asks for a second factor that has not proved the session: `role` and `ent` are null for that. */
  needs_second_factor?: boolean
  /** Seconds since 1970. */
  exp: number
}

/** What the account was entitled to when the token was signed. */
export interface Entitlement {
  plan: string
  source: Source | null
  /** RFC 3339; null is open-ended. */
  until: string | null
  /** Why the plan is free for want of a grant. */
  reason: SubscriptionReason | null
  /** Plans that are open, from the lowest up to the account's; left out where the token would be too long. */
  opens?: string[]
  /** Features that are on; left out together with `opens`. */
  features?: string[]
}

/** Why a token was made for somebody else than this gate, in words for whoever set it up; null where it was not. */
export function whyForeign(
  { iss, aud }: Record<string, unknown>,
  { issuer, audience }: { issuer: string; audience: string },
): string | null {
  if (iss !== issuer) return `it is issued by ${iss}, and the url of this gate is ${issuer}`
  const isForUs = aud === audience || (Array.isArray(aud) && aud.includes(audience))
  return isForUs ? null : `it is for ${aud}, and the audience of this gate is ${audience}`
}

/** Reads what a token says; null where it says something that none of ours does. */
export function readClaims(payload: Record<string, unknown>): Claims | null {
  const { sub, sid, account_id, role, email_verified, verification_grace_ends_at, ent, exp } = payload
  const { needs_second_factor = false } = payload
  if (!isText(sub) || !isText(sid) || typeof exp !== 'number' || !Number.isFinite(exp)) return null
  if (!(account_id === null || isText(account_id)) || !(role === null || isRole(role))) return null
  if (typeof email_verified !== 'boolean' || !isInstantOrNull(verification_grace_ends_at)) return null
  // Without an end of the grace a mailbox that is not verified could never be refused.
  if (!email_verified && verification_grace_ends_at === null) return null
  if (!(ent === null || isEntitlement(ent))) return null
  if (typeof needs_second_factor !== 'boolean') return null
  const claims = { sub, sid, account_id, role, email_verified, verification_grace_ends_at, ent, exp }
  return { ...claims, needs_second_factor }
}

function isEntitlement(value: unknown): value is Entitlement {
  if (typeof value !== 'object' || value === null) return false
  const { plan, source, until, reason, opens, features } = value as Record<string, unknown>
  return (
    isText(plan) &&
    (source === null || isText(source)) &&
    isInstantOrNull(until) &&
    (reason === null || isText(reason)) &&
    (opens === undefined || isTexts(opens)) &&
    (features === undefined || isTexts(features))
  )
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)
const isInstantOrNull = (value: unknown): value is string | null =>
  value === null || (typeof value === 'string' && !Number.isNaN(Date.parse(value)))
