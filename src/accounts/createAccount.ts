import { v7 as uuidv7 } from 'uuid'
import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import { changed, type Tx } from '../db/transaction.ts'
import { bindTrialToMailbox, giveTrial, hasTakenTrial } from '../entitlements/trials.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { lockUser } from '../identity/users.ts'
import { problem } from '../problems.ts'
import { findOpenings } from './selfServe/openings.ts'
import { refuseUnlessOpen } from './selfServe/refuseUnlessOpen.ts'

/**
 * Creates an account of the caller, where they may create accounts themselves. It is on trial if they never had one, as
 * somebody who came by an invite.
 */
export async function createAnotherAccount(
  tx: Tx,
  config: Config,
  caller: Caller<UserActor>,
  { name, bucket }: { name: string; bucket: number | null },
  at: Date,
): Promise<string> {
  const { userId } = caller.actor
  const [owner, openings] = await Promise.all([
    // Held until the end: deleting the user meanwhile waits and closes this account too, and of two that are created at
    // once the second finds the trial taken.
    lockUser(tx, userId),
    findOpenings(tx, config),
  ])
  if (!owner) throw problem('session-expired')
  refuseUnlessOpen(config, openings, { email: owner.email, bucket })
  const hadTrial = await hasTakenTrial(tx, owner)
  const accountId = uuidv7()
  await Promise.all([
    createAccount(tx, caller, { accountId, name, isChosen: true, ownerId: userId }, at),
    hadTrial ? undefined : giveTrial(tx, config, { userId, accountId }, at),
  ])
  if (!hadTrial && owner.emailVerifiedAt) await bindTrialToMailbox(tx, userId, owner.email, at)
  return accountId
}

export interface NewAccount {
  accountId: string
  name: string
  /** Whether somebody chose the name. */
  isChosen: boolean
  ownerId: string
}

/** Creates an account with its first owner. The caller has made sure that it may be created. */
export async function createAccount(
  tx: Tx,
  caller: Caller,
  { accountId, name, isChosen, ownerId }: NewAccount,
  at: Date,
): Promise<void> {
  changed(tx, `user:${ownerId}`)
  changed(tx, `account:${accountId}`)
  await Promise.all([
    tx
      .insertInto('accounts')
      .values({ id: accountId, name, named_at: isChosen ? at : null, created_at: at })
      .execute(),
    tx
      .insertInto('members')
      .values({ account_id: accountId, user_id: ownerId, role: 'owner', created_at: at })
      .execute(),
    audit(tx, caller, { action: 'account.created', accountId, userId: ownerId }, at),
  ])
}
