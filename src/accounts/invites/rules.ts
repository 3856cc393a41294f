import { isAtLeast, type Role } from '../../http/actor.ts'

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
