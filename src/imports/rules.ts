import type { Role } from '../http/actor.ts'

/** Somebody in an account; nulls are what the line leaves open. */
export interface Membership {
  account: string
  role: Role
  joinedAt: Date | null
  /** Whether the free trial of the user begins in it with the import, or was had there. */
  trial: 'begins' | 'had' | null
}

/** What a line asks for, in terms of the ids that things had where they come from. */
export type Order =
  | { kind: 'account'; externalId: string; name: string; createdAt: Date | null }
  | {
      kind: 'user'
      externalId: string
      email: string
      isVerified: boolean
      name: string | null
      passwordHash: string | null
      createdAt: Date | null
      members: Membership[]
    }
  | { kind: 'member'; externalId: string; user: string; membership: Membership }
  /** The external id is that of the customer at Stripe. */
  | { kind: 'subscription'; externalId: string; account: string }

export type Kind = Order['kind']

export interface Line {
  number: number
  order: Order
  /** Of all that the order says. */
  digest: string
}

/** A line that was not followed, and why; nothing of it is there. */
export interface Refusal {
  number: number
  kind?: Kind
  externalId?: string | null
  reason: string
}

export interface KnownUser {
  id: string
  /** Null once they were deleted. */
  email: string | null
  isVerified: boolean
}

export interface KnownAccount {
  id: string
  name: string
  isClosed: boolean
  /** Of Stripe, the live one. */
  customer: string | null
}

export interface KnownCustomer {
  accountId: string
  /** At Stripe. */
  isDeleted: boolean
}

/** All that is decided on. What is decided is added to it, so that lines may name what lines before them make. */
export interface Facts {
  /** By the ids that they had elsewhere. */
  users: Map<string, KnownUser>
  accounts: Map<string, KnownAccount>
  /** Every user who has one of the addresses. */
  addresses: Map<string, string>
  /** Whose a customer of Stripe is. */
  customers: Map<string, KnownCustomer>
  /** By the ids of account and user. */
  roles: Map<string, Role>
  /** Ids and addresses of users who have had their trial. */
  hadTrial: Set<string>
  /** What the line of each kind and id said when it was last followed. */
  digests: Map<string, string>
  isStripeOn: boolean
  areTrialsOn: boolean
}

/** What is to be written. All ids are ours. */
export interface Plan {
  newAccounts: { id: string; name: string; createdAt: Date }[]
  renamedAccounts: { id: string; name: string }[]
  newUsers: NewUser[]
  changedUsers: ChangedUser[]
  newMembers: { accountId: string; userId: string; role: Role; joinedAt: Date }[]
  trials: { accountId: string; userId: string; begins: boolean; mailbox: string | null }[]
  newCustomers: { accountId: string; customer: string }[]
  followed: Followed[]
}

export interface NewUser {
  id: string
  email: string
  name: string | null
  passwordHash: string | null
  verifiedAt: Date | null
  createdAt: Date
}

export interface ChangedUser {
  id: string
  email: string
  name: string | null
  passwordHash: string | null
  /** Null for one whose address was verified before. */
  verifiedAt: Date | null
}

export interface Followed {
  kind: Kind
  externalId: string
  userId: string | null
  accountId: string | null
  digest: string
  isNew: boolean
}

export type Verdict = 'imported' | 'updated' | 'unchanged' | { reason: string }

export const emptyPlan = (): Plan => ({
  newAccounts: [],
  renamedAccounts: [],
  newUsers: [],
  changedUsers: [],
  newMembers: [],
  trials: [],
  newCustomers: [],
  followed: [],
})

export const emptyFacts = (on: Pick<Facts, 'isStripeOn' | 'areTrialsOn'>): Facts => ({
  users: new Map(),
  accounts: new Map(),
  addresses: new Map(),
  customers: new Map(),
  roles: new Map(),
  hadTrial: new Set(),
  digests: new Map(),
  ...on,
})

export const keyOf = ({ kind, externalId }: { kind: Kind; externalId: string }) => `${kind} ${externalId}`

interface Decision {
  facts: Facts
  plan: Plan
  newId: () => string
  at: Date
}

/**
 * What becomes of a line: it goes into the plan as a whole, or nothing of it does. A line that says what it said when it was
 * last followed changes nothing, whatever has become of what it made.
 */
export function decideLine({ order, digest }: Line, { facts, plan, newId, at }: Decision): Verdict {
  const known = facts.digests.get(keyOf(order))
  if (known === digest) return 'unchanged'
  const isNew = known === undefined
  const decided = decideOrder(order, { facts, plan, newId, at, isNew })
  if ('reason' in decided) return decided
  facts.digests.set(keyOf(order), digest)
  const { kind, externalId } = order
  plan.followed.push({ kind, externalId, ...decided, digest, isNew })
  return isNew ? 'imported' : 'updated'
}

type Decided = { userId: string | null; accountId: string | null } | { reason: string }

function decideOrder(order: Order, decision: Decision & { isNew: boolean }): Decided {
  switch (order.kind) {
    case 'account':
      return decideAccount(order, decision)
    case 'user':
      return decideUser(order, decision)
    case 'member':
      return decideMember(order, decision)
    case 'subscription':
      return decideSubscription(order, decision)
  }
}

function decideAccount(
  { externalId, name, createdAt }: Order & { kind: 'account' },
  { facts, plan, newId, at }: Decision,
): Decided {
  const known = facts.accounts.get(externalId)
  if (known?.isClosed) return { reason: 'the account was closed here' }
  if (known) {
    if (known.name !== name) plan.renamedAccounts.push({ id: known.id, name })
    facts.accounts.set(externalId, { ...known, name })
    return { userId: null, accountId: known.id }
  }
  const id = newId()
  facts.accounts.set(externalId, { id, name, isClosed: false, customer: null })
  plan.newAccounts.push({ id, name, createdAt: createdAt ?? at })
  return { userId: null, accountId: id }
}

function decideUser(order: Order & { kind: 'user' }, decision: Decision): Decided {
  const { facts, plan, newId, at } = decision
  const { externalId, email, isVerified, passwordHash, name, createdAt } = order
  const known = facts.users.get(externalId)
  if (known?.email === null) return { reason: 'the user was deleted here' }
  if (known && known.email !== email) {
    return { reason: 'the user has another address here: people change theirs themselves' }
  }
  const holder = facts.addresses.get(email)
  if (holder !== undefined && holder !== known?.id) {
    return { reason: 'somebody else has this address here' }
  }
  const id = known?.id ?? newId()
  const user = { id, email, isVerified: isVerified || known?.isVerified === true }
  const joins = order.members.map((membership) => decideMembership({ ...user, membership }, facts))
  const refused = joins.find((join) => 'reason' in join)
  if (refused) return refused as { reason: string }
  const verifiedAt = isVerified && !known?.isVerified ? at : null
  facts.users.set(externalId, user)
  facts.addresses.set(email, id)
  if (known) plan.changedUsers.push({ id, email, name, passwordHash, verifiedAt })
  else plan.newUsers.push({ id, email, name, passwordHash, verifiedAt, createdAt: createdAt ?? at })
  for (const join of joins) follow(join as Join, decision)
  return { userId: id, accountId: null }
}

function decideMember(
  { user: externalId, membership }: Order & { kind: 'member' },
  decision: Decision,
): Decided {
  const user = decision.facts.users.get(externalId)
  if (!user) return { reason: `no line before it makes the user ${externalId}` }
  if (user.email === null) return { reason: 'the user was deleted here' }
  const join = decideMembership({ ...user, membership }, decision.facts)
  if ('reason' in join) return join
  follow(join, decision)
  return { userId: user.id, accountId: join.accountId }
}

interface Join {
  userId: string
  accountId: string
  /** The user's address, where it is proved. */
  mailbox: string | null
  membership: Membership
  isNew: boolean
}

function decideMembership(
  { id, email, isVerified, membership }: KnownUser & { membership: Membership },
  { accounts, roles, hadTrial, areTrialsOn }: Facts,
): Join | { reason: string } {
  const { account: externalId, role, trial } = membership
  const account = accounts.get(externalId)
  if (!account) return { reason: `no line before it makes the account ${externalId}` }
  if (account.isClosed) return { reason: `the account ${externalId} was closed here` }
  const had = roles.get(`${account.id} ${id}`)
  if (had !== undefined && had !== role) {
    return { reason: `the user is ${had} of ${externalId} here: roles are changed in Frontgate` }
  }
  const isNew = had === undefined
  if (isNew && trial === 'begins' && !areTrialsOn) return { reason: 'TRIAL_DAYS is 0, so no trial begins' }
  if (isNew && trial && (hadTrial.has(id) || hadTrial.has(email ?? '')))
    return { reason: 'the user has had a trial here' }
  return { userId: id, accountId: account.id, mailbox: isVerified ? email : null, membership, isNew }
}

function follow(
  { userId, accountId, mailbox, membership, isNew }: Join,
  { facts, plan, at }: Decision,
): void {
  if (!isNew) return
  const { role, joinedAt, trial } = membership
  facts.roles.set(`${accountId} ${userId}`, role)
  plan.newMembers.push({ accountId, userId, role, joinedAt: joinedAt ?? at })
  if (!trial) return
  facts.hadTrial.add(userId)
  plan.trials.push({ accountId, userId, begins: trial === 'begins', mailbox })
}

function decideSubscription(
  { externalId: customer, account: externalId }: Order & { kind: 'subscription' },
  { facts, plan }: Decision,
): Decided {
  if (!facts.isStripeOn) return { reason: 'STRIPE_SECRET_KEY is not set, so Stripe cannot be asked' }
  const account = facts.accounts.get(externalId)
  if (!account) return { reason: `no line before it makes the account ${externalId}` }
  if (account.isClosed) return { reason: 'the account was closed here' }
  const known = facts.customers.get(customer)
  if (known?.isDeleted) return { reason: 'that customer was deleted at Stripe' }
  if (known && known.accountId !== account.id) {
    return { reason: 'another account has this customer of Stripe here' }
  }
  if (account.customer !== null && account.customer !== customer) {
    return { reason: 'the account has another customer of Stripe here' }
  }
  if (!known) plan.newCustomers.push({ accountId: account.id, customer })
  facts.accounts.set(externalId, { ...account, customer })
  facts.customers.set(customer, { accountId: account.id, isDeleted: false })
  return { userId: null, accountId: account.id }
}
