import type { Db } from '../db/database.ts'
import type { Tx } from '../db/transaction.ts'
import type { ProviderName } from '../oidc/rules.ts'

/** What a user signs in with at Google and Microsoft, each provider once. */
export async function providersOf(db: Db, userId: string): Promise<ProviderName[]> {
  const rows = await db
    .selectFrom('oauth_identities')
    .select('provider')
    .distinct()
    .where('user_id', '=', userId)
    .orderBy('provider')
    .execute()
  return rows.map(({ provider }) => provider as ProviderName)
}

/** Takes all identities from a user; the caller has locked the user. Returns how many there were. */
export async function forgetIdentities(tx: Tx, userId: string): Promise<number> {
  const gone = await tx.deleteFrom('oauth_identities').where('user_id', '=', userId).returning('id').execute()
  return gone.length
}
