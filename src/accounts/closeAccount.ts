import { sql } from 'kysely'
import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller, MemberActor } from '../http/actor.ts'
import { queueMail } from '../mail/queueMail.ts'
import { problem } from '../problems.ts'
import { purgeDueAt } from './deletion/rules.ts'
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
  const { accountId } = caller.actor
  const account = await tx
    .selectFrom('accounts')
    .select(['id', 'name'])
    .where('id', '=', accountId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (confirm !== account.name) throw problem('confirmation-mismatch')
  await refuseWhileSubscribed(tx, [account])
  if (await markClosed(tx, caller, accountId, at)) await tellOwners(tx, config, account, at)
}

/** Refuses to close accounts with a subscription that would go on being charged for. */
async function refuseWhileSubscribed(tx: Tx, accounts: { id: string; name: string }[]): Promise<void> {
  const { rows } = await sql<{ account_id: string }>`
    select distinct account_id from subscriptions
    where account_id = any(${accounts.map(({ id }) => id)}::uuid[])
      and is_live and not is_last_period`.execute(tx)
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

async function tellOwners(
  tx: Tx,
  config: Pick<Config, 'deletionGraceDays'>,
  { id: accountId, name }: { id: string; name: string },
  at: Date,
): Promise<void> {
  const until = purgeDueAt(at, config).toUTCString()
  for (const owner of await ownersOf(tx, accountId)) {
    // Words of whoever registered the address reach nobody who has not proved to be that person.
    const fill = { account: owner.isVerified ? name : 'Your account', until }
    const to = { address: owner.email, name: owner.name }
    const order = { template: 'account-closed', to, fill, userId: owner.id, accountId } as const
    await queueMail(tx, { ...order, link: { path: '/account' } }, at)
  }
}
