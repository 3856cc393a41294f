import { sql } from 'kysely'
import { changed, type Tx } from '../db/transaction.ts'
import { bindTrialsToMailboxes } from '../entitlements/trials.ts'

/** A user from elsewhere, with the hash that their password had there. */
export interface ImportedUser {
  id: string
  /** As `normaliseAddress` returns it. */
  email: string
  name: string | null
  passwordHash: string | null
  verifiedAt: Date | null
  createdAt: Date
}

/** Writes users that were somewhere else before. Nobody is mailed. */
export async function importUsers(tx: Tx, users: ImportedUser[]): Promise<void> {
  if (users.length === 0) return
  for (const { id } of users) changed(tx, `user:${id}`)
  await sql`
    insert into users (id, email, name, password_hash, email_verified_at, created_at)
    select * from unnest(
      ${users.map(({ id }) => id)}::uuid[], ${users.map(({ email }) => email)}::text[],
      ${users.map(({ name }) => name)}::text[], ${users.map(({ passwordHash }) => passwordHash)}::text[],
      ${users.map(({ verifiedAt }) => verifiedAt)}::timestamptz[], ${users.map(({ createdAt }) => createdAt)}::timestamptz[]
    )`.execute(tx)
}

/**
 * Follows what has changed elsewhere since they were imported. Null leaves as it is. An address that is verified stays so, and
 * the password is theirs from the first sign-in here on. `verifiedAt` is that of users whose address is not verified yet.
 */
export async function changeImportedUsers(
  tx: Tx,
  users: Omit<ImportedUser, 'createdAt'>[],
  at: Date,
): Promise<void> {
  if (users.length === 0) return
  for (const { id } of users) changed(tx, `user:${id}`)
  await sql`
    update users u set
      name = coalesce(n.name, u.name),
      email_verified_at = coalesce(u.email_verified_at, n.verified_at),
      password_hash = case
        when n.password_hash is null or u.credentials_version > 1
          or exists (select from sessions s where s.user_id = u.id) then u.password_hash
        else n.password_hash end
    from unnest(
      ${users.map(({ id }) => id)}::uuid[], ${users.map(({ name }) => name)}::text[],
      ${users.map(({ passwordHash }) => passwordHash)}::text[], ${users.map(({ verifiedAt }) => verifiedAt)}::timestamptz[]
    ) as n(id, name, password_hash, verified_at)
    where u.id = n.id and u.deleted_at is null`.execute(tx)
  const verified = users.filter(({ verifiedAt }) => verifiedAt !== null)
  await bindTrialsToMailboxes(tx, verified, at)
}
