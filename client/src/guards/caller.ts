/** What a member may do; each role may what the ones after it may. */
export type Role = 'owner' | 'admin' | 'member' | 'viewer'

/** Why an account has its plan; null for none but free. */
export type Source = 'override' | 'stripe' | 'complimentary' | 'trial'

/** Who sent a request that passed a guard, and for which account. */
export interface Caller {
  /** UUID of the user. */
  readonly userId: string
  /** UUID of the session: one signed-in device. */
  readonly sessionId: string
  /** UUID of the account that the user works in: what the product's own rows belong to. */
  readonly accountId: string
  readonly role: Role
  readonly emailVerified: boolean
  /** Name of the plan that the account is on now, such as `pro`. */
  readonly plan: string
  readonly source: Source | null
  /** The access token itself, for calls to Frontgate in the caller's name. Never log it. */
  readonly token: string
}

const ranks: Record<Role, number> = { owner: 3, admin: 2, member: 1, viewer: 0 }

/** Whether a role may what another one may. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ranks[role] >= ranks[least]
}

/** Whether a word names a role. */
export function isRole(word: unknown): word is Role {
  return typeof word === 'string' && Object.hasOwn(ranks, word)
}
