import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Config } from '../config.ts'
import type { Db } from '../db/database.ts'
import { changed, type Tx } from '../db/transaction.ts'
import { giveGrant } from './giveGrant.ts'

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
  const until = new Date(at.getTime() + trialDays * DAY)
  await Promise.all([
    tx.insertInto('trials_taken').values({ user_id: userId, account_id: accountId, taken_at: at }).execute(),
    giveGrant(
      tx,
      {
        accountId,
        source: 'trial',
        plan: trialPlan,
        from: at,
        until,
        reason: 'Trial of a new user',
        grantedBy: 'registration',
      },
      at,
    ),
  ])
}

/**
 * Ties the trial of a user to the address they have just proved to own. Where that mailbox has had its trial
 * under another user, this one ends now.
 */
export async function bindTrialToMailbox(tx: Tx, userId: string, email: string, at: Date): Promise<void> {
  const mailbox = hashMailbox(email)
  const { rows } = await sql<{ account_id: string; bound: boolean }>`
    with bound as (
      update trials_taken set mailbox_hash = ${mailbox}
      where user_id = ${userId} and mailbox_hash is null
        and not exists (select from trials_taken where mailbox_hash = ${mailbox} and user_id <> ${userId})
      returning account_id
    )
    select t.account_id, (t.mailbox_hash is not null or exists (select from bound)) as bound
    from trials_taken t where t.user_id = ${userId}`.execute(tx)
  const [trial] = rows
  if (!trial || trial.bound) return
  changed(tx, `account:${trial.account_id}`)
  await tx
    .updateTable('grants')
    .set({ until_at: at, ended_at: at, ended_by: 'system', end_reason: 'This mailbox has had its trial' })
    .where('account_id', '=', trial.account_id)
    .where('source', '=', 'trial')
    .where('granted_by', '=', 'registration')
    .where('until_at', '>', at)
    .execute()
}

function hashMailbox(email: string): Buffer {
  return createHash('sha256').update(email).digest()
}
