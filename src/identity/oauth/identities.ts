import { v7 as uuidv7 } from 'uuid'
import { audit } from '../../audit/audit.ts'
import type { Db } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/errors.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'
import type { Oidc } from '../../oidc/openOidc.ts'
import type { Identity, ProviderName } from '../../oidc/rules.ts'

/** An identity that its user can come in by. */
export interface WayIn {
  id: string
  provider: ProviderName
  /** Whether its provider speaks for the user's own address. */
  isVouched: boolean
}

/** What a user can come in by beside a password: identities of providers that are set up here, by provider. */
export async function waysIn(
  db: Db,
  { providers }: Pick<Oidc, 'providers'>,
  userId: string,
): Promise<WayIn[]> {
  const rows = await db
    .selectFrom('oauth_identities')
    .select(['id', 'provider', 'is_vouched as isVouched'])
    .where('user_id', '=', userId)
    .orderBy('provider')
    .execute()
  return (rows as WayIn[]).filter(({ provider }) => providers.includes(provider))
}

/** The providers of these, each once. */
export const providersIn = (ways: WayIn[]) => [...new Set(ways.map(({ provider }) => provider))]

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

/**
 * Gives an identity to a user whose row the caller has locked; of two users who get one at once, one fails. `isVouched`
 * says whether its provider speaks for the user's own address.
 */
export async function addIdentity(
  tx: Tx,
  {
    userId,
    identity,
    email,
    isVouched,
    madeUser = false,
  }: {
    userId: string
    identity: IdentityKey
    email: string | null
    isVouched: boolean
    madeUser?: boolean
  },
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
      is_vouched: isVouched,
      made_user: madeUser,
      created_at: at,
      last_used_at: at,
    })
    .execute()
}

/** Notes that somebody came by an identity; false when the user, whose row is locked, does not have it any more. */
export async function noteUse(
  tx: Tx,
  userId: string,
  { identity, email, isVouched }: { identity: IdentityKey; email: string | null; isVouched: boolean },
  at: Date,
): Promise<boolean> {
  const used = await tx
    .updateTable('oauth_identities')
    .set({ last_used_at: at, email, is_vouched: isVouched })
    .where('user_id', '=', userId)
    .where('provider', '=', identity.provider)
    .where('issuer', '=', identity.issuer)
    .where('subject', '=', identity.subject)
    .returning('id')
    .executeTakeFirst()
  return used !== undefined
}

/** Whether adding an identity failed because somebody else has got it meanwhile. */
export function isIdentityTaken(error: unknown): boolean {
  return isUniqueViolation(error, 'oauth_identities_provider_issuer_subject_key')
}

/** Takes all identities from a user; the caller has locked the user. */
export async function forgetIdentities(tx: Tx, userId: string): Promise<void> {
  await tx.deleteFrom('oauth_identities').where('user_id', '=', userId).execute()
}

/**
 * Takes the identities from a user whose providers do not speak for their mailbox, now that somebody has proved it; or
 * only one that made the user while nobody vouched for the address. The caller has locked the user. Returns their providers.
 */
export async function forgetUnvouched(
  tx: Tx,
  caller: Caller,
  { userId, onlyMaker = false }: { userId: string; onlyMaker?: boolean },
  at: Date,
): Promise<ProviderName[]> {
  const gone = await tx
    .deleteFrom('oauth_identities')
    .where('user_id', '=', userId)
    .where('is_vouched', '=', false)
    .$if(onlyMaker, (query) => query.where('made_user', '=', true))
    .returning('provider')
    .execute()
  const providers = gone.map(({ provider }) => provider as ProviderName)
  if (providers.length > 0) {
    const details = { providers, because: 'mailbox-proved' }
    await audit(tx, caller, { action: 'identity.unlinked', userId, details }, at)
  }
  return providers
}

/** Notes that a user has another address now, which the providers of their other identities do not speak for. */
export async function vouchOnlyFor(tx: Tx, userId: string, email: string): Promise<void> {
  await tx
    .updateTable('oauth_identities')
    .set({ is_vouched: false })
    .where('user_id', '=', userId)
    .where((e) => e.or([e('email', 'is', null), e('email', '!=', email)]))
    .execute()
}

/** Takes what was linked to a user since then; the caller has locked the user. */
export async function forgetIdentitiesSince(
  tx: Tx,
  caller: Caller,
  userId: string,
  since: Date,
  at: Date,
): Promise<void> {
  const gone = await tx
    .deleteFrom('oauth_identities')
    .where('user_id', '=', userId)
    .where('created_at', '>=', since)
    .returning('provider')
    .execute()
  if (gone.length === 0) return
  const details = { providers: gone.map(({ provider }) => provider), because: 'email-change-undone' }
  await audit(tx, caller, { action: 'identity.unlinked', userId, details }, at)
}
