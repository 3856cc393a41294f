import { v7 as uuidv7 } from 'uuid'
import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'

/** Creates an account with its first owner, and returns its id. The caller has made sure that it may be created. */
export async function createAccount(
  tx: Tx,
  caller: Caller,
  { name, ownerId }: { name: string; ownerId: string },
  at: Date,
): Promise<string> {
  const accountId = uuidv7()
  changed(tx, `user:${ownerId}`)
  await Promise.all([
    tx.insertInto('accounts').values({ id: accountId, name, created_at: at }).execute(),
    tx
      .insertInto('members')
      .values({ account_id: accountId, user_id: ownerId, role: 'owner', created_at: at })
      .execute(),
    audit(tx, caller, { action: 'account.created', accountId, userId: ownerId }, at),
  ])
  return accountId
}
