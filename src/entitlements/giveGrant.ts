import { v7 as uuidv7 } from 'uuid'
import { changed, type Tx } from '../db/transaction.ts'
import type { Source } from './facts.ts'

export interface NewGrant {
  accountId: string
  source: Source
  plan: string
  from: Date
  until: Date | null
  reason: string
  /** Who gave it: `registration`, or an operator's id. */
  grantedBy: string
}

/** Gives an account a plan for a time, and returns the grant's id. */
export async function giveGrant(tx: Tx, grant: NewGrant, at: Date): Promise<string> {
  const id = uuidv7()
  changed(tx, `account:${grant.accountId}`)
  await insert(tx, id, grant, at).execute()
  return id
}

/** The same, once per account and key: null, and nothing is given, when there was such a grant before. */
export async function giveGrantOnce(
  tx: Tx,
  grant: NewGrant & { onceKey: string },
  at: Date,
): Promise<string | null> {
  const id = uuidv7()
  const given = await insert(tx, id, grant, at)
    .onConflict((conflict) => conflict.columns(['account_id', 'once_key']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!given) return null
  changed(tx, `account:${grant.accountId}`)
  return id
}

function insert(tx: Tx, id: string, grant: NewGrant & { onceKey?: string }, at: Date) {
  return tx.insertInto('grants').values({
    id,
    account_id: grant.accountId,
    source: grant.source,
    plan: grant.plan,
    from_at: grant.from,
    until_at: grant.until,
    reason: grant.reason,
    granted_by: grant.grantedBy,
    created_at: at,
    once_key: grant.onceKey ?? null,
  })
}
