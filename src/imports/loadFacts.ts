import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import { hadTrialAmong } from '../entitlements/importTrials.ts'
import type { Role } from '../http/actor.ts'
import { type Facts, type Kind, type KnownCustomer, type KnownUser, keyOf, type Line } from './rules.ts'

interface Known {
  kind: Kind
  external_id: string
  user_id: string | null
  account_id: string | null
  digest: string
}

/** Notes of each line what it said when it was last followed, and returns those that say something else now. */
export async function leaveOutUnchanged(db: Db, lines: Line[], facts: Facts): Promise<Line[]> {
  const known = await importedAmong(
    db,
    lines.map(({ order }) => order),
  )
  for (const { kind, external_id: externalId, digest } of known) {
    const key = keyOf({ kind, externalId })
    if (!facts.digests.has(key)) facts.digests.set(key, digest)
  }
  return lines.filter(({ order, digest }) => facts.digests.get(keyOf(order)) !== digest)
}

/**
 * Adds to the facts all that these lines are decided by. In a transaction, with `isLocked`, users and accounts stay as they are
 * until it ends: users first, in the order of their ids, as everybody takes them.
 */
export async function loadFacts(
  db: Db,
  lines: Line[],
  facts: Facts,
  { isLocked }: { isLocked: boolean },
): Promise<void> {
  const named = namesIn(lines)
  const [known, holders, customers] = await Promise.all([
    importedAmong(db, [
      ...named.users.map((externalId) => ({ kind: 'user' as const, externalId })),
      ...named.accounts.map((externalId) => ({ kind: 'account' as const, externalId })),
    ]),
    usersWith(db, named.addresses),
    customersAmong(db, named.customers),
  ])
  for (const { id, email } of holders) facts.addresses.set(email, id)
  for (const { customer, ...known } of customers) facts.customers.set(customer, known)
  const userIds = known.flatMap(({ kind, user_id }) => (kind === 'user' && user_id ? [user_id] : []))
  const accountIds = known.flatMap(({ kind, account_id }) =>
    kind === 'account' && account_id ? [account_id] : [],
  )
  if (userIds.length === 0 && accountIds.length === 0 && !named.hasTrials) return
  const users = await usersById(db, userIds, isLocked)
  const accounts = await accountsById(db, accountIds, isLocked)
  for (const { kind, external_id, user_id, account_id } of known) {
    const user = kind === 'user' && user_id ? users.get(user_id) : undefined
    if (user && !facts.users.has(external_id)) facts.users.set(external_id, user)
    const account = kind === 'account' && account_id ? accounts.get(account_id) : undefined
    if (account && !facts.accounts.has(external_id)) facts.accounts.set(external_id, account)
  }
  const [roles, hadTrial] = await Promise.all([
    rolesOf(db, userIds, accountIds),
    named.hasTrials ? hadTrialAmong(db, { ids: userIds, addresses: mailboxesOf(named, facts) }) : [],
  ])
  for (const { account_id, user_id, role } of roles) facts.roles.set(`${account_id} ${user_id}`, role)
  for (const whose of hadTrial) facts.hadTrial.add(whose)
}

function namesIn(lines: Line[]) {
  const users = new Set<string>()
  const accounts = new Set<string>()
  const addresses: string[] = []
  const customers: string[] = []
  let hasTrials = false
  for (const { order } of lines) {
    switch (order.kind) {
      case 'account':
        accounts.add(order.externalId)
        break
      case 'user':
        users.add(order.externalId)
        addresses.push(order.email)
        for (const { account, trial } of order.members) {
          accounts.add(account)
          hasTrials ||= trial !== null
        }
        break
      case 'member':
        users.add(order.user)
        accounts.add(order.membership.account)
        hasTrials ||= order.membership.trial !== null
        break
      case 'subscription':
        accounts.add(order.account)
        customers.push(order.externalId)
    }
  }
  return { users: [...users], accounts: [...accounts], addresses, customers, hasTrials }
}

/** Every address that a trial may be had at: those that lines say, and those of users whom they only name. */
function mailboxesOf({ addresses, users }: { addresses: string[]; users: string[] }, facts: Facts): string[] {
  return [...addresses, ...users.flatMap((externalId) => facts.users.get(externalId)?.email ?? [])]
}

async function importedAmong(db: Db, keys: { kind: Kind; externalId: string }[]): Promise<Known[]> {
  if (keys.length === 0) return []
  const { rows } = await sql<Known>`
    select i.kind, i.external_id, i.user_id, i.account_id, i.digest
    from unnest(${keys.map(({ kind }) => kind)}::text[], ${keys.map(({ externalId }) => externalId)}::text[])
      as k(kind, external_id)
    join imported i on i.kind = k.kind and i.external_id = k.external_id`.execute(db)
  return rows
}

async function usersWith(db: Db, addresses: string[]): Promise<{ id: string; email: string }[]> {
  if (addresses.length === 0) return []
  const { rows } = await sql<{ id: string; email: string }>`
    select id, email from users where email = any(${addresses}::text[])`.execute(db)
  return rows
}

async function customersAmong(
  db: Db,
  customers: string[],
): Promise<({ customer: string } & KnownCustomer)[]> {
  if (customers.length === 0) return []
  const { rows } = await sql<{ customer: string } & KnownCustomer>`
    select stripe_customer_id as customer, account_id as "accountId", deleted_at is not null as "isDeleted"
    from stripe_customers
    where stripe_customer_id = any(${customers}::text[])`.execute(db)
  return rows
}

async function usersById(db: Db, ids: string[], isLocked: boolean) {
  const lock = isLocked ? sql`for no key update` : sql``
  const { rows } = await sql<KnownUser>`
    select id, email, email_verified_at is not null as "isVerified"
    from users where id = any(${ids}::uuid[]) order by id ${lock}`.execute(db)
  return new Map(rows.map((user) => [user.id, user]))
}

async function accountsById(db: Db, ids: string[], isLocked: boolean) {
  const lock = isLocked ? sql`for update of a` : sql``
  const { rows } = await sql<{ id: string; name: string; isClosed: boolean; customer: string | null }>`
    select a.id, a.name, a.closed_at is not null as "isClosed",
      (select c.stripe_customer_id from stripe_customers c where c.account_id = a.id and c.deleted_at is null) as customer
    from accounts a where a.id = any(${ids}::uuid[]) order by a.id ${lock}`.execute(db)
  return new Map(rows.map((account) => [account.id, account]))
}

async function rolesOf(db: Db, userIds: string[], accountIds: string[]) {
  if (userIds.length === 0 || accountIds.length === 0) return []
  const { rows } = await sql<{ account_id: string; user_id: string; role: Role }>`
    select account_id, user_id, role from members
    where user_id = any(${userIds}::uuid[]) and account_id = any(${accountIds}::uuid[])`.execute(db)
  return rows
}
