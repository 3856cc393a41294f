import { sql } from 'kysely'
import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller, MemberActor } from '../http/actor.ts'
import { holdUsers } from '../identity/users.ts'
import { queueMail } from '../mail/queueMail.ts'
import { problem } from '../problems.ts'
import { lockAccount } from './accounts.ts'
import { purgeDueAt } from './deletion/rules.ts'
import { roleIn } from './invites/invites.ts'
import { ownersOf } from './owners.ts'

/**
 * Closes the caller's current account once its name is repeated; its tokens are refused from now on, and its owners
 * are told until when it can be reopened. One whose subscription goes on stays open.
 */
export async function closeAccount(
  tx: Tx,
  config: Pick<Config, 'deletionGraceDays'>,
  caller: Caller<MemberActor>,
  { confirm }: { confirm: string },
  at: Date,
): Promise<void> {
  const { accountId, userId } = caller.actor
  const [, account, own] = await Promise.all([
    holdUsers(tx, [userId]),
    lockAccount(tx, accountId),
    roleIn(tx, accountId, userId),
  ])
  if (!account || account.closedAt) throw problem('account-closed')
  // They may have been lowered or taken out while this waited for the lock.
  if (own !== 'owner') throw problem('forbidden')
  if (confirm !== account.name) throw problem('confirmation-mismatch')
  await refuseWhileSubscribed(tx, [account])
  if (await markClosed(tx, caller, accountId, at)) await tellOwners(tx, config, account, at)
}

/** What is true of a subscription `s` that would go on being charged for after its account is closed. */
export const goesOn = 's.is_live and not s.is_last_period'

/** Refuses to close accounts with a subscription that would go on being charged for. */
async function refuseWhileSubscribed(tx: Tx, accounts: { id: string; name: string }[]): Promise<void> {
  const { rows } = await sql<{ account_id: string }>`
    select distinct s.account_id from subscriptions s
    where s.account_id = any(${accounts.map(({ id }) => id)}::uuid[])
      and ${sql.raw(goesOn)}`.execute(tx)
  const live = new Set(rows.map(({ account_id }) => account_id))
  if (live.size === 0) return
  const named = accounts.filter(({ id }) => live.has(id)).map(({ id, name }) => ({ id, name }))
  throw problem('subscription-live', { accounts: named })
}

/** Closes an account, keeping its rows; harmless for one that is closed, which it tells. */
export async function markClosed(tx: Tx, caller: Caller, accountId: string, at: Date): Promise<boolean> {
  changed(tx, `account:${accountId}`)
  const closed = await tx
    .updateTable('accounts')
    .set({ closed_at: at })
    .where('id', '=', accountId)
    .where('closed_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!closed) return false
  await audit(tx, caller, { action: 'account.closed', accountId }, at)
  return true
}

/** Once a day at most, however often it is closed and reopened, and nobody who has not proved to be who they say. */
async function tellOwners(
  tx: Tx,
  config: Pick<Config, 'deletionGraceDays'>,
  { id: accountId, name }: { id: string; name: string },
  at: Date,
): Promise<void> {
  const until = purgeDueAt(at, config).toUTCString()
  const day = at.toISOString().slice(0, 10)
  for (const { id: userId, email, name: called, isVerified } of await ownersOf(tx, accountId)) {
    if (!isVerified) continue
    const order = {
      template: 'account-closed',
      to: { address: email, name: called },
      fill: { account: name, until },
      link: { path: '/account' },
      userId,
      accountId,
      onceKey: `account-closed ${accountId} ${day} ${userId}`,
    } as const
    await queueMail(tx, order, at)
  }
}
