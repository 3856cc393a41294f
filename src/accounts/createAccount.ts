import { v7 as uuidv7 } from 'uuid'
import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { problem } from '../problems.ts'

/** Creates one more account of the caller, without a trial, where people may create accounts themselves. */
export async function createAnotherAccount(
  tx: Tx,
  { selfServeEnabled }: Pick<Config, 'selfServeEnabled'>,
  caller: Caller<UserActor>,
  name: string,
  at: Date,
): Promise<string> {
  if (!selfServeEnabled) throw problem('self-serve-disabled')
  const { userId } = caller.actor
  // Held until the end: deleting the user at the same time waits, and closes this account too.
  const owner = await tx
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!owner) throw problem('session-expired')
  const accountId = uuidv7()
  await createAccount(tx, caller, { accountId, name, ownerId: userId }, at)
  return accountId
}

/** Creates an account with its first owner. The caller has made sure that it may be created. */
export async function createAccount(
  tx: Tx,
  caller: Caller,
  { accountId, name, ownerId }: { accountId: string; name: string; ownerId: string },
  at: Date,
): Promise<void> {
  changed(tx, `user:${ownerId}`)
  await Promise.all([
    tx.insertInto('accounts').values({ id: accountId, name, created_at: at }).execute(),
    tx
      .insertInto('members')
      .values({ account_id: accountId, user_id: ownerId, role: 'owner', created_at: at })
      .execute(),
    audit(tx, caller, { action: 'account.created', accountId, userId: ownerId }, at),
  ])
}
