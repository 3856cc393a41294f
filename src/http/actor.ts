/** Roles of members, each allowed what the ones after it are. */
export const roles = ['owner', 'admin', 'member', 'viewer'] as const
export type Role = (typeof roles)[number]

/** Someone signed in, at the account their access token names, if it names one. */
export interface UserActor {
  kind: 'user'
  userId: string
  sessionId: string
  accountId: string | null
  role: Role | null
}

/** A user acting inside an account they are a member of. */
export interface MemberActor extends UserActor {
  accountId: string
  role: Role
}

/** What a product key may be good for. */
export const scopes = ['entitlements:read', 'usage:write'] as const
export type Scope = (typeof scopes)[number]

/** A product's own server, which may ask about any account what its key is good for. */
export interface ProductKeyActor {
  kind: 'product-key'
  keyId: string
  scopes: readonly Scope[]
  /** Null is until it is revoked. */
  expiresAt: Date | null
}

/** Roles of operators, each allowed what the ones after it are: to decide what accounts get, to help them, to look. */
export const operatorRoles = ['admin', 'support', 'read'] as const
export type OperatorRole = (typeof operatorRoles)[number]

/** Staff of the company that runs this. */
export interface OperatorActor {
  kind: 'operator'
  operatorId: string
}

/** An operator who makes a request. */
export interface SignedInOperator extends OperatorActor {
  role: OperatorRole
  /** Null where the command line printed the token. */
  sessionId: string | null
  /** Nothing is open to them but setting up a second factor. */
  hasToSetUp: boolean
}

export interface AnyoneActor {
  kind: 'anyone'
}

/** The program itself: sweeps and commands. */
export interface SystemActor {
  kind: 'system'
}

export type Actor = UserActor | ProductKeyActor | OperatorActor | AnyoneActor | SystemActor

/** Where a request came from, for audit rows, sessions and limits. */
export interface Origin {
  ip: string | null
  userAgent: string | null
  requestId: string | null
}

/** Who acts, and from where: the first thing an operation that writes is told after its transaction. */
export interface Caller<A extends Actor = Actor> extends Origin {
  actor: A
}

/** The program itself, at nobody's request. */
export const systemCaller: Caller<SystemActor> = {
  actor: { kind: 'system' },
  ip: null,
  userAgent: null,
  requestId: null,
}

/** True when `role` may do what is asked of `least`. */
export function isAtLeast(role: Role, least: Role): boolean {
  return roles.indexOf(role) <= roles.indexOf(least)
}

/** The same for operators. */
export function isOperatorAtLeast(role: OperatorRole, least: OperatorRole): boolean {
  return operatorRoles.indexOf(role) <= operatorRoles.indexOf(least)
}
