import { sql } from 'kysely'
import type { Config } from '../config.ts'
import type { Db } from '../db/database.ts'
import type { Tx } from '../db/transaction.ts'
import { giveGrant } from './giveGrant.ts'
import { hashMailbox, trialGrant } from './trials.ts'

/** Which of these users, by id or by the address that they have proved, have had their trial. */
export async function hadTrialAmong(
  db: Db,
  { ids, addresses }: { ids: string[]; addresses: string[] },
): Promise<string[]> {
  const byHash = new Map(addresses.map((address) => [hashMailbox(address).toString('hex'), address]))
  const { rows } = await sql<{ user_id: string; mailbox: string | null }>`
    select user_id, encode(mailbox_hash, 'hex') as mailbox from trials_taken
    where user_id = any(${ids}::uuid[])
      or mailbox_hash in (select decode(hash, 'hex') from unnest(${[...byHash.keys()]}::text[]) hash)`.execute(
    db,
  )
  return rows.flatMap(({ user_id, mailbox }) => [user_id, byHash.get(mailbox ?? '') ?? user_id])
}

/** The trial of a user: one that begins now, or one that was had elsewhere, so that there is no second one here. */
export interface ImportedTrial {
  accountId: string
  userId: string
  begins: boolean
  /** The address, where it is proved. */
  mailbox: string | null
}

/** Writes down trials of users who have had none here; none begins where TRIAL_DAYS is 0. */
export async function importTrials(
  tx: Tx,
  config: Pick<Config, 'trialDays' | 'trialPlan'>,
  trials: ImportedTrial[],
  at: Date,
): Promise<void> {
  if (trials.length === 0) return
  const hashes = trials.map(({ mailbox }) => mailbox && hashMailbox(mailbox).toString('hex'))
  const begins = trials.filter((trial) => trial.begins)
  await Promise.all([
    sql`
      insert into trials_taken (user_id, account_id, mailbox_hash, taken_at)
      select user_id, account_id, decode(hash, 'hex'), ${at}
      from unnest(
        ${trials.map(({ userId }) => userId)}::uuid[], ${trials.map(({ accountId }) => accountId)}::uuid[],
        ${hashes}::text[]
      ) as t(user_id, account_id, hash)`.execute(tx),
    ...begins.map(({ accountId }) => giveGrant(tx, trialGrant(config, accountId, at), at)),
  ])
}
