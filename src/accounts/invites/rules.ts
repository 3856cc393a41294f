import { isAtLeast, type Role, roles } from '../../http/actor.ts'
import type { Seats } from './seats.ts'

export const inviteStatuses = ['pending', 'accepted', 'revoked', 'expired'] as const

/** What became of an invite. */
export interface InviteFate {
  expiresAt: Date
  acceptedAt: Date | null
  revokedAt: Date | null
}

/** An invite as its link finds it. */
export interface LinkedInvite extends InviteFate {
  role: Role
  /** Whether a newer link was mailed since. */
  isSuperseded: boolean
  accountClosedAt: Date | null
  /** What whoever sent it is in the account by now; null when they are no member any more. */
  inviterRole: Role | null
}

/** Whether a member may have others join with a role: admins and owners may, up to their own. */
export function mayInvite(own: Role | null, role: Role): boolean {
  return own !== null && isAtLeast(own, 'admin') && isAtLeast(own, role)
}

export const roleAboveOwn = 'Nobody can invite with a role above their own.'

/** Whom an invite is for, and as what. */
export interface Offer {
  email: string
  role: Role
}

/** An invite that is out, as another offer to the same address finds it. */
export interface OutInvite {
  role: Role
  sentAt: Date
  /** As in `LinkedInvite`. */
  inviterRole: Role | null
}

/** What an account knows of an address. */
export interface AddressFacts<Out extends OutInvite = OutInvite> {
  isMember: boolean
  out: Out | null
}

/** What becomes of an offer; what a verdict carries is what those who are told of it need. */
export type OfferVerdict<Out extends OutInvite = OutInvite> =
  | { kind: 'role-above-own' }
  | { kind: 'already-member' }
  | { kind: 'no-seat'; limit: number; used: number }
  /** It is out already, and was mailed a moment ago. */
  | { kind: 'keep'; out: Out }
  | { kind: 'renew' }
  | { kind: 'invite' }

/**
 * What becomes of an offer. One that is out holds its seat already, so that only members stand in the way of renewing
 * it. Where it is out with this role, with a link that works and was mailed after `keepSince`, it is kept.
 */
export function decideOffer<Out extends OutInvite>(
  { own, seats, isMember, out }: { own: Role; seats: Seats } & AddressFacts<Out>,
  role: Role,
  keepSince: Date | null,
): OfferVerdict<Out> {
  if (!mayInvite(own, role)) return { kind: 'role-above-own' }
  if (isMember) return { kind: 'already-member' }
  const isFresh = out?.role === role && keepSince !== null && out.sentAt > keepSince
  if (isFresh && mayInvite(out.inviterRole, role)) return { kind: 'keep', out }
  const used = seats.members + (out ? 0 : seats.pending)
  if (seats.limit !== null && used >= seats.limit) return { kind: 'no-seat', limit: seats.limit, used }
  return { kind: out ? 'renew' : 'invite' }
}

/** How many mails offers to different addresses take, one after another. */
export function countMails(
  { own, seats, factsOf }: { own: Role; seats: Seats; factsOf: (email: string) => AddressFacts },
  offers: Offer[],
  keepSince: Date,
): number {
  let [mails, pending] = [0, seats.pending]
  for (const { email, role } of offers) {
    const facts = { own, seats: { ...seats, pending }, ...factsOf(email) }
    const { kind } = decideOffer(facts, role, keepSince)
    if (kind === 'invite') pending++
    if (kind === 'invite' || kind === 'renew') mails++
  }
  return mails
}

/** Whom somebody wants to invite, and as what, in their own words; null where they left it out. */
export interface TypedRow {
  /** Normalised; null also for what is no address. */
  email: string | null
  role: string | null
}

/** What one of many rows is: an offer, or what is wrong with it, in words for whoever typed it. */
export type JudgedRow =
  | { kind: 'offer'; offer: Offer }
  | { kind: 'invalid'; detail: string }
  | { kind: 'duplicate'; detail: string }

/** Which of many rows are offers. Of several that are for one address the first is. */
export function judgeRows(rows: TypedRow[], own: Role): JudgedRow[] {
  const seen = new Set<string>()
  return rows.map(({ email, role: word }) => {
    const role = roles.find((known) => known === word)
    if (!email) return { kind: 'invalid', detail: 'This takes an e-mail address.' }
    if (!role) return { kind: 'invalid', detail: `This takes a role: ${roles.join(', ')}.` }
    if (!mayInvite(own, role)) return { kind: 'invalid', detail: roleAboveOwn }
    if (seen.has(email)) return { kind: 'duplicate', detail: 'An earlier row is for the same address.' }
    seen.add(email)
    return { kind: 'offer', offer: { email, role } }
  })
}

/** How an invite is listed. What became of it stays, also after it would have expired. */
export function statusOf(
  { expiresAt, acceptedAt, revokedAt }: InviteFate,
  at: Date,
): (typeof inviteStatuses)[number] {
  if (acceptedAt) return 'accepted'
  if (revokedAt) return 'revoked'
  return at < expiresAt ? 'pending' : 'expired'
}

/** Why the link of an invite opens nothing; null when it does. */
export function whyVoid(
  invite: LinkedInvite,
  at: Date,
): 'token-used' | 'token-canceled' | 'token-superseded' | 'token-expired' | null {
  if (invite.acceptedAt) return 'token-used'
  if (invite.revokedAt || invite.accountClosedAt) return 'token-canceled'
  if (invite.isSuperseded) return 'token-superseded'
  if (!mayInvite(invite.inviterRole, invite.role)) return 'token-canceled'
  return at < invite.expiresAt ? null : 'token-expired'
}

/** Of the role that somebody has and the one that they are offered, the higher. */
export function higherRole(own: Role, offered: Role): Role {
  return isAtLeast(own, offered) ? own : offered
}
