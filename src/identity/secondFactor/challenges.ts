import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import type { Db } from '../../db/database.ts'
import type { Tx } from '../../db/transaction.ts'
import { factorsOf, methodsOf } from '../../factors/factorsOf.ts'
import { askForPasskey } from '../../factors/passkeys/askForPasskey.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import type { SignedInUser, SignInMethod } from '../sessions.ts'

const LIVES_MS = 10 * 60_000
const BYTES = 32
const DAY = 86_400_000

/** What somebody whose first step was right is told, to go on. */
export interface Asked {
  /** Whoever holds it has been through the first step. */
  token: string
  expiresAt: Date
  methods: string[]
  passkey: object | null
}

/** Remembers a first step that was right, for one sign-in, and asks for the second. */
export async function askForFactor(
  tx: Tx,
  app: App,
  { userId, method, credentialsVersion, accountId = null }: Omit<SignedInUser, 'sessionId' | 'factor'>,
  at: Date,
): Promise<Asked> {
  const token = randomBytes(BYTES).toString('base64url')
  const expiresAt = new Date(at.getTime() + LIVES_MS)
  const [asked] = await Promise.all([
    methodsFor(tx, app, userId, at),
    tx
      .insertInto('second_factor_challenges')
      .values({
        id: uuidv7(),
        user_id: userId,
        token_hash: hashToken(token),
        method,
        credentials_version: credentialsVersion,
        account_id: accountId,
        created_at: at,
        expires_at: expiresAt,
      })
      .execute(),
  ])
  return { token, expiresAt, ...asked }
}

/** What a user can prove, with a new question to their passkeys where they have any. */
export async function methodsFor(
  tx: Tx,
  app: App,
  userId: string,
  at: Date,
): Promise<Pick<Asked, 'methods' | 'passkey'>> {
  const holder = { kind: 'user', id: userId } as const
  const [factors, passkey] = await Promise.all([factorsOf(tx, holder), askForPasskey(tx, app, holder, at)])
  return { methods: methodsOf(factors), passkey: passkey && { ...passkey } }
}

/** A first step that waits for the second. */
export interface Challenge {
  id: string
  userId: string
  method: SignInMethod
  credentialsVersion: number
  accountId: string | null
}

/** The challenge that this is the token of; null for one that is unknown, over or used. */
export async function findChallenge(db: Db, token: string, at: Date): Promise<Challenge | null> {
  const row = await db
    .selectFrom('second_factor_challenges')
    .select(['id', 'user_id', 'method', 'credentials_version', 'account_id'])
    .where('token_hash', '=', hashToken(token))
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirst()
  if (!row) return null
  return {
    id: row.id,
    userId: row.user_id,
    method: row.method as SignInMethod,
    credentialsVersion: row.credentials_version,
    accountId: row.account_id,
  }
}

/** Uses a challenge up; false where another call has. */
export async function spendChallenge(tx: Tx, id: string, at: Date): Promise<boolean> {
  const spent = await tx
    .updateTable('second_factor_challenges')
    .set({ used_at: at })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('id')
    .executeTakeFirst()
  return spent !== undefined
}

/** Has no first step of a user lead on any more. */
export async function voidChallenges(tx: Tx, userId: string, at: Date): Promise<void> {
  await tx
    .updateTable('second_factor_challenges')
    .set({ used_at: at })
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .execute()
}

/** Forgets challenges that are over, a day later. */
export async function forgetSignInChallenges({ db }: App, at: Date): Promise<void> {
  const dayAgo = new Date(at.getTime() - DAY)
  await db.deleteFrom('second_factor_challenges').where('expires_at', '<', dayAgo).execute()
}
