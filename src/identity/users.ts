import type { Db } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import type { Tx } from '../db/transaction.ts'
import { hasFactor } from '../factors/hasFactor.ts'

/** A user as sign-in and recovery need it. */
export interface UserRecord {
  id: string
  email: string
  name: string | null
  emailVerifiedAt: Date | null
  passwordHash: string | null
  credentialsVersion: number
  /** Then the first step of a sign-in opens nothing yet. */
  hasSecondFactor: boolean
  createdAt: Date
}

/** The user with this normalised address, or null. */
export async function findUserByEmail(db: Db, email: string): Promise<UserRecord | null> {
  const row = await usersOf(db).where('email', '=', email).executeTakeFirst()
  return row ? recordOf(row) : null
}

/** The user with this id, or null when there is none or it was deleted. */
export async function findUser(db: Db, id: string): Promise<UserRecord | null> {
  const row = await usersOf(db).where('id', '=', id).executeTakeFirst()
  return row ? recordOf(row) : null
}

/** The same, locked until the transaction ends: what their sign-in depends on does not change meanwhile. */
export async function lockUser(tx: Tx, id: string): Promise<UserRecord | null> {
  const row = await usersOf(tx).where('id', '=', id).forUpdate().executeTakeFirst()
  return row ? recordOf(row) : null
}

/** The user with this address, locked likewise. */
export async function lockUserByEmail(tx: Tx, email: string): Promise<UserRecord | null> {
  const row = await usersOf(tx).where('email', '=', email).forUpdate().executeTakeFirst()
  return row ? recordOf(row) : null
}

/**
 * Keeps these users from being locked or deleted until the transaction ends. Whoever goes on to lock an account takes its
 * users first, as everybody does, so that nobody waits for each other.
 */
export async function holdUsers(tx: Tx, ids: string[]): Promise<void> {
  await tx.selectFrom('users').select('id').where('id', 'in', ids).orderBy('id').forKeyShare().execute()
}

/** Whether writing a user failed because somebody else has the address. */
export function isAddressTaken(error: unknown): boolean {
  return isUniqueViolation(error, 'users_email_key')
}

/**
 * Whom a mail goes to: by name only once the mailbox is known to be theirs. Until then somebody else may have
 * typed both, and must not get to write to the owner.
 */
export function recipientOf({
  email,
  name,
  emailVerifiedAt,
}: Pick<UserRecord, 'email' | 'name' | 'emailVerifiedAt'>) {
  return { address: email, name: emailVerifiedAt ? name : null }
}

const usersOf = (db: Db) =>
  db
    .selectFrom('users')
    .select([
      'id',
      'email',
      'name',
      'email_verified_at',
      'password_hash',
      'credentials_version',
      'created_at',
      hasFactor('users.id').as('has_second_factor'),
    ])
    .where('deleted_at', 'is', null)

function recordOf(row: Awaited<ReturnType<ReturnType<typeof usersOf>['execute']>>[number]): UserRecord {
  return {
    id: row.id,
    // Only deleted users have no address.
    email: row.email ?? '',
    name: row.name,
    emailVerifiedAt: row.email_verified_at,
    passwordHash: row.password_hash,
    credentialsVersion: row.credentials_version,
    hasSecondFactor: row.has_second_factor,
    createdAt: row.created_at,
  }
}
