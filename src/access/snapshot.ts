import { CompiledQuery } from 'kysely'
import type { Db } from '../db/database.ts'
import type { AccountFacts, SubscriptionFacts } from '../entitlements/facts.ts'
import type { Role } from '../http/actor.ts'

/** A user as others see them. */
export interface UserFacts {
  id: string
  email: string
  name: string | null
  emailVerifiedAt: Date | null
  createdAt: Date
  hasPassword: boolean
}

/** A session as its row has it; whether it is live is decided from the time. */
export interface SessionFacts {
  id: string
  /** How it began: `password`, `mail-link`, `passkey`, or the name of a provider. */
  method: string
  /** What second factor proved it, and when the last time; null for none. */
  factor: { method: string; provedAt: Date } | null
  generation: number
  rotatedAt: Date
  signedInAt: Date
  idleExpiresAt: Date
  expiresAt: Date
  revokedAt: Date | null
}

/** An account that somebody is a member of, and as what. */
export interface AccountRef {
  id: string
  name: string
  role: Role
}

/** Who a session belongs to and what their account may do, as one statement saw it. */
export interface Snapshot {
  session: SessionFacts
  user: UserFacts
  /** The account asked for; null when the user is a member of none. */
  account: {
    id: string
    name: string
    createdAt: Date
    closedAt: Date | null
    requiresSecondFactor: boolean
  } | null
  /** Null when the user is not, or no longer, a member of that account. */
  role: Role | null
  /** Open accounts of the user, the oldest membership first. */
  accounts: AccountRef[]
  facts: AccountFacts | null
  catalogueVersion: number
}

/** Those that expired long ago stay; beyond so many, the latest are shown as pending. */
const MOST_INVITES = 1000

/**
 * What is true of an invite `i` that holds a seat while it has not expired. One for an address that a member has by now
 * holds none: they have theirs.
 */
export const holdsSeat = `i.accepted_at is null and i.revoked_at is null and not exists (
    select from users iu join members im on im.user_id = iu.id
    where iu.email = i.email and im.account_id = i.account_id)`

/**
 * A period is a month at most, and the newest one that was counted in began no later than now: so the current one is
 * among those that began within so long before it, whatever months are counted from.
 */
const PERIODS_REACH_BACK = '32 days'

/** What decides what an account may do, as columns of a select from `accounts a`. */
const factColumns = `
  (select coalesce(json_agg(json_build_object(
      'id', g.id, 'source', g.source, 'plan', g.plan, 'from', g.from_at, 'until', g.until_at,
      'pinnedVersion', g.pinned_version,
      'anchor', coalesce(gs.billing_anchor, gs.current_period_start, g.from_at))), '[]')
    from grants g left join subscriptions gs on gs.stripe_subscription_id = g.stripe_subscription_id
    where g.account_id = a.id) as grants,
  (select json_build_object('status', b.status, 'plan', b.plan, 'interval', b.billing_interval,
      'currentPeriodEnd', b.current_period_end, 'trialEnd', b.trial_end,
      'cancelAtPeriodEnd', b.cancel_at_period_end, 'cancelAt', b.cancel_at, 'pastDueSince', b.past_due_since,
      'seats', case when p.seats is not null then b.quantity end, 'scheduled', b.scheduled,
      'isCustomer', exists (select from stripe_customers k
        where k.account_id = a.id and k.stripe_customer_id is not null and k.deleted_at is null))
    from subscriptions b left join plans p on p.plan = b.plan
    where b.account_id = a.id and b.is_shown) as subscription,
  (select coalesce(json_agg(json_build_object('name', f.name, 'value', f.value, 'until', f.until_at)), '[]')
    from account_features f where f.account_id = a.id) as feature_overrides,
  (select coalesce(json_agg(json_build_object('name', l.name, 'amount', l.amount, 'until', l.until_at)), '[]')
    from account_limits l where l.account_id = a.id) as limit_overrides,
  (select coalesce(json_agg(json_build_object('name', c.name, 'periodStart', c.period_start, 'used', c.used)), '[]')
    from (select *, max(period_start) over (partition by name) as newest from usage where account_id = a.id) c
    where c.period_start = 'epoch' or c.period_start > c.newest - interval '${PERIODS_REACH_BACK}') as usage,
  (select count(*) from members where account_id = a.id) as members,
  (select coalesce(json_agg(e.expires_at), '[]')
    from (select i.expires_at from account_invites i where i.account_id = a.id and ${holdsSeat}
      order by i.expires_at desc limit ${MOST_INVITES}) e) as invite_ends,
  (select coalesce(max(version), 0) from catalogue_versions) as catalogue_version`

/**
 * The select behind every snapshot. `sessionRows` is a query for the row of one session; `$1` of the whole
 * statement is the session's id and `$2` the account, or null for the session's own, or else the user's oldest.
 */
export const snapshotOf = (sessionRows: string) => `
  with ${sessionRows}
  select
    s.*,
    u.email, u.name as user_name, u.email_verified_at, u.created_at as user_created_at,
    u.password_hash is not null as has_password,
    a.id as current_account_id, a.name as account_name, a.created_at as account_created_at, a.closed_at,
    a.requires_second_factor, m.role,
    (select coalesce(json_agg(json_build_object('id', o.id, 'name', o.name, 'role', om.role) order by om.created_at, o.id), '[]')
      from members om join accounts o on o.id = om.account_id
      where om.user_id = u.id and o.closed_at is null) as accounts,
    ${factColumns}
  from s
  join users u on u.id = s.user_id and u.deleted_at is null
  left join accounts a on a.id = coalesce($2::uuid, (
    select c.account_id from members c join accounts o on o.id = c.account_id
    where c.user_id = s.user_id and o.closed_at is null
    order by c.account_id = s.account_id desc nulls last, c.created_at, c.account_id limit 1))
  left join members m on m.account_id = a.id and m.user_id = u.id`

const readStatement = snapshotOf('s as (select * from sessions where id = $1)')

/** Reads the snapshot of a session in one round trip; null when there is no such session or its user is gone. */
export async function readSnapshot(
  db: Db,
  sessionId: string,
  accountId: string | null,
): Promise<Snapshot | null> {
  const { rows } = await db.executeQuery(
    CompiledQuery.raw(readStatement, [sessionId, accountId]) as CompiledQuery<SnapshotRow>,
  )
  return rows[0] ? snapshotFrom(rows[0]) : null
}

const factsStatement = `select ${factColumns} from accounts a where a.id = $1`
const openStatement = `${factsStatement} and a.closed_at is null`

/** Reads what an account may do, for operations that have locked it and decide what is true now. */
export async function readFacts(db: Db, accountId: string): Promise<AccountFacts> {
  const { rows } = await db.executeQuery(
    CompiledQuery.raw(factsStatement, [accountId]) as CompiledQuery<FactsRow>,
  )
  if (!rows[0]) throw new Error(`There is no account ${accountId}`)
  return factsFrom(rows[0], accountId)
}

/** The same for an account that is open, in one round trip; null when there is none with this id. */
export async function readOpenAccount(db: Db, accountId: string): Promise<AccountFacts | null> {
  const { rows } = await db.executeQuery(
    CompiledQuery.raw(openStatement, [accountId]) as CompiledQuery<FactsRow>,
  )
  return rows[0] ? factsFrom(rows[0], accountId) : null
}

/** A row of the statement that `snapshotOf` makes. */
export interface SnapshotRow extends FactsRow {
  id: string
  user_id: string
  method: string
  factor: string | null
  factor_proved_at: Date | null
  generation: number
  rotated_at: Date
  created_at: Date
  idle_expires_at: Date
  expires_at: Date
  revoked_at: Date | null
  email: string
  user_name: string | null
  email_verified_at: Date | null
  user_created_at: Date
  has_password: boolean
  current_account_id: string | null
  account_name: string
  account_created_at: Date
  closed_at: Date | null
  requires_second_factor: boolean
  role: Role | null
  accounts: AccountRef[]
}

interface FactsRow {
  grants: Json<AccountFacts['grants']>
  subscription: JsonObject<SubscriptionFacts> | null
  feature_overrides: Json<AccountFacts['featureOverrides']>
  limit_overrides: Json<AccountFacts['limitOverrides']>
  usage: Json<AccountFacts['usage']>
  members: number
  invite_ends: string[]
  catalogue_version: number
}

/** Instants inside json columns arrive as text. */
type JsonObject<E> = {
  [K in keyof E]: E[K] extends Date ? string : E[K] extends Date | null ? string | null : E[K]
}
type Json<T> = T extends (infer E)[] ? JsonObject<E>[] : never

/** Shapes a row of the statement. */
export function snapshotFrom(row: SnapshotRow): Snapshot {
  return {
    session: {
      id: row.id,
      method: row.method,
      factor:
        row.factor && row.factor_proved_at ? { method: row.factor, provedAt: row.factor_proved_at } : null,
      generation: row.generation,
      rotatedAt: row.rotated_at,
      signedInAt: row.created_at,
      idleExpiresAt: row.idle_expires_at,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
    },
    user: {
      id: row.user_id,
      email: row.email,
      name: row.user_name,
      emailVerifiedAt: row.email_verified_at,
      createdAt: row.user_created_at,
      hasPassword: row.has_password,
    },
    account: row.current_account_id
      ? {
          id: row.current_account_id,
          name: row.account_name,
          createdAt: row.account_created_at,
          closedAt: row.closed_at,
          requiresSecondFactor: row.requires_second_factor,
        }
      : null,
    role: row.role,
    accounts: row.accounts,
    facts: row.current_account_id ? factsFrom(row, row.current_account_id) : null,
    catalogueVersion: row.catalogue_version,
  }
}

function factsFrom(row: FactsRow, accountId: string): AccountFacts {
  return {
    accountId,
    grants: row.grants.map((grant) => ({
      ...grant,
      from: new Date(grant.from),
      until: dateOrNull(grant.until),
      anchor: new Date(grant.anchor),
    })),
    subscription: row.subscription && subscriptionFrom(row.subscription),
    featureOverrides: row.feature_overrides.map((override) => ({
      ...override,
      until: dateOrNull(override.until),
    })),
    limitOverrides: row.limit_overrides.map((override) => ({
      ...override,
      until: dateOrNull(override.until),
    })),
    usage: row.usage.map((count) => ({ ...count, periodStart: new Date(count.periodStart) })),
    members: row.members,
    inviteEnds: row.invite_ends.map((end) => new Date(end)),
    catalogueVersion: row.catalogue_version,
  }
}

function subscriptionFrom(row: JsonObject<SubscriptionFacts>): SubscriptionFacts {
  return {
    ...row,
    currentPeriodEnd: dateOrNull(row.currentPeriodEnd),
    trialEnd: dateOrNull(row.trialEnd),
    cancelAt: dateOrNull(row.cancelAt),
    pastDueSince: dateOrNull(row.pastDueSince),
  }
}

function dateOrNull(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
