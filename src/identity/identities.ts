import { v7 as uuidv7 } from 'uuid'
import type { Db } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import type { Tx } from '../db/transaction.ts'
import type { Identity, ProviderName } from '../oidc/rules.ts'

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

/** What an identity is known by. Addresses change hands, and two providers may use one subject: neither counts alone. */
export type IdentityKey = Pick<Identity, 'provider' | 'issuer' | 'subject'>

/** Whose an identity is; null when nobody here has it. */
export async function ownerOf(db: Db, key: IdentityKey): Promise<{ id: string; userId: string } | null> {
  const row = await db
    .selectFrom('oauth_identities')
    .select(['id', 'user_id as userId'])
    .where('provider', '=', key.provider)
    .where('issuer', '=', key.issuer)
    .where('subject', '=', key.subject)
    .executeTakeFirst()
  return row ?? null
}

/** Gives an identity to a user whose row the caller has locked; of two users who get one at once, one fails. */
export async function addIdentity(
  tx: Tx,
  { userId, identity, email }: { userId: string; identity: IdentityKey; email: string | null },
  at: Date,
): Promise<void> {
  const { provider, issuer, subject } = identity
  await tx
    .insertInto('oauth_identities')
    .values({
      id: uuidv7(),
      user_id: userId,
      provider,
      issuer,
      subject,
      email,
      created_at: at,
      last_used_at: at,
    })
    .execute()
}

/** Whether adding an identity failed because somebody else has got it meanwhile. */
export function isIdentityTaken(error: unknown): boolean {
  return isUniqueViolation(error, 'oauth_identities_provider_issuer_subject_key')
}

/** Takes all identities from a user; the caller has locked the user. Returns how many there were. */
export async function forgetIdentities(tx: Tx, userId: string): Promise<number> {
  const gone = await tx.deleteFrom('oauth_identities').where('user_id', '=', userId).returning('id').execute()
  return gone.length
}
