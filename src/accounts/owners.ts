import type { Tx } from '../db/transaction.ts'

/** Owners whose users are there. Names of those who have not proved their mailbox are a stranger's words, and stay out. */
export async function ownersOf(tx: Tx, accountId: string) {
  const owners = await tx
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['users.id', 'users.email', 'users.name', 'users.email_verified_at'])
    .where('members.account_id', '=', accountId)
    .where('members.role', '=', 'owner')
    .where('users.deleted_at', 'is', null)
    .execute()
  return owners.flatMap(({ id, email, name, email_verified_at }) =>
    email === null
      ? []
      : [{ id, email, name: email_verified_at ? name : null, isVerified: email_verified_at !== null }],
  )
}
