import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Config } from '../config.ts'
import type { Db } from '../db/database.ts'
import { changed, type Tx } from '../db/transaction.ts'
import { giveGrant, type NewGrant } from './giveGrant.ts'

const DAY = 86_400_000

/** Whether this address, once verified, has had its trial: also when its user is long gone. */
export async function hasHadTrial(db: Db, email: string): Promise<boolean> {
  const taken = await db
    .selectFrom('trials_taken')
    .select('user_id')
    .where('mailbox_hash', '=', hashMailbox(email))
    .executeTakeFirst()
  return taken !== undefined
}

/** Whether a user has had their trial, in whatever account, or somebody before them at their address. */
export async function hasTakenTrial(db: Db, { id, email }: { id: string; email: string }): Promise<boolean> {
  const taken = await db
    .selectFrom('trials_taken')
    .select('user_id')
    .where((e) => e.or([e('user_id', '=', id), e('mailbox_hash', '=', hashMailbox(email))]))
    .limit(1)
    .executeTakeFirst()
  return taken !== undefined
}

/** Throws when TRIAL_PLAN is no plan of the catalogue: no registration would succeed. */
export async function refuseUnknownTrialPlan(
  db: Db,
  { trialDays, trialPlan }: Pick<Config, 'trialDays' | 'trialPlan'>,
): Promise<void> {
  const known = await db.selectFrom('plans').select('plan').where('plan', '=', trialPlan).executeTakeFirst()
  if (trialDays > 0 && !known)
    throw new Error(`TRIAL_PLAN is ${trialPlan}, but the catalogue has no such plan.`)
}

/** Gives a user the card-free trial. The caller has asked whether they have had it; a user's second one is refused by its key. */
export async function giveTrial(
  tx: Tx,
  { trialDays, trialPlan }: Pick<Config, 'trialDays' | 'trialPlan'>,
  { userId, accountId }: { userId: string; accountId: string },
  at: Date,
): Promise<void> {
  if (trialDays === 0) return
  await Promise.all([
    tx.insertInto('trials_taken').values({ user_id: userId, account_id: accountId, taken_at: at }).execute(),
    giveGrant(tx, trialGrant({ trialDays, trialPlan }, accountId, at), at),
  ])
}

/** The grant that a trial is. */
export function trialGrant(
  { trialDays, trialPlan }: Pick<Config, 'trialDays' | 'trialPlan'>,
  accountId: string,
  at: Date,
): NewGrant {
  return {
    accountId,
    source: 'trial',
    plan: trialPlan,
    from: at,
    until: new Date(at.getTime() + trialDays * DAY),
    reason: 'Trial of a new user',
    grantedBy: 'registration',
  }
}

/**
 * Ties the trial of a user to the address they have just proved to own. Where that mailbox has had its trial
 * under another user, this one ends now.
 */
export async function bindTrialToMailbox(tx: Tx, userId: string, email: string, at: Date): Promise<void> {
  await bindTrialsToMailboxes(tx, [{ id: userId, email }], at)
}

/** The same for many users, no two of whom have one address. */
export async function bindTrialsToMailboxes(
  tx: Tx,
  users: { id: string; email: string }[],
  at: Date,
): Promise<void> {
  if (users.length === 0) return
  const { rows } = await sql<{ account_id: string }>`
    with proved as (
      select user_id, decode(hash, 'hex') as mailbox_hash from unnest(
        ${users.map(({ id }) => id)}::uuid[],
        ${users.map(({ email }) => hashMailbox(email).toString('hex'))}::text[]
      ) as p(user_id, hash)
    ), bound as (
      update trials_taken t set mailbox_hash = p.mailbox_hash from proved p
      where t.user_id = p.user_id and t.mailbox_hash is null
        and not exists (
          select from trials_taken o where o.mailbox_hash = p.mailbox_hash and o.user_id <> p.user_id)
      returning t.user_id
    )
    select t.account_id from trials_taken t join proved p using (user_id)
    where t.mailbox_hash is null and not exists (select from bound b where b.user_id = t.user_id)`.execute(tx)
  if (rows.length === 0) return
  const accountIds = rows.map(({ account_id }) => account_id)
  for (const id of accountIds) changed(tx, `account:${id}`)
  await tx
    .updateTable('grants')
    .set({ until_at: at, ended_at: at, ended_by: 'system', end_reason: 'This mailbox has had its trial' })
    .where('account_id', 'in', accountIds)
    .where('source', '=', 'trial')
    .where('granted_by', '=', 'registration')
    .where('until_at', '>', at)
    .execute()
}

/** What is kept of an address that has had a trial. */
export function hashMailbox(email: string): Buffer {
  return createHash('sha256').update(email).digest()
}
