import { isAtLeast, type Role } from '../../http/actor.ts'
import { mayInvite } from '../invites/rules.ts'

/** What a member does to another one, or to themselves. */
export interface Act {
  own: Role
  /** What the other one is so far. */
  target: Role
  /** The role that they are given; null where they are taken out. */
  becomes: Role | null
  isSelf: boolean
  /** Owners beside the one who is acted on. */
  otherOwners: number
}

/**
 * Why a member may not do that; null when they may. As with invites, admins and owners reach up to their own role: whom
 * they act on and what they give. Anybody may leave, and there is always an owner. docs/roles.md is made from this.
 */
export function whyNot({
  own,
  target,
  becomes,
  isSelf,
  otherOwners,
}: Act): 'role-too-low' | 'target-above' | 'gives-above' | 'last-owner' | null {
  const leaves = isSelf && becomes === null
  if (!leaves) {
    if (!isAtLeast(own, 'admin')) return 'role-too-low'
    if (!mayInvite(own, target)) return 'target-above'
    if (becomes !== null && !mayInvite(own, becomes)) return 'gives-above'
  }
  return target === 'owner' && becomes !== 'owner' && otherOwners === 0 ? 'last-owner' : null
}
