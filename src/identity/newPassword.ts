import { sql } from 'kysely'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { nameProviders, type ProviderName } from '../oidc/rules.ts'
import { problem } from '../problems.ts'
import { endEmailChanges } from './emailChange/emailChanges.ts'
import { notifyUser } from './notifyUser.ts'
import { supersedeResets } from './passwordTokens.ts'
import { endSessions } from './sessions.ts'
import type { UserRecord } from './users.ts'

/** What a user's sign-in depends on once the new password holds. */
export interface NewCredentials {
  id: string
  credentialsVersion: number
}

/**
 * Gives a user another password, or a first one: their other sessions end, reset links that are out and a pending
 * change of address are void, remembered devices are forgotten, and the mailbox is told, also of what was unlinked with
 * it. Refused when they got another one since `user` was read: what was proved with the old one counts no more.
 */
export async function setNewPassword(
  tx: Tx,
  caller: Caller,
  {
    user,
    passwordHash,
    keepSession = null,
    unlinked = [],
  }: { user: UserRecord; passwordHash: string; keepSession?: string | null; unlinked?: ProviderName[] },
  at: Date,
): Promise<NewCredentials> {
  changed(tx, `user:${user.id}`)
  const fill = { isFirst: user.passwordHash === null, unlinked: nameProviders(unlinked) }
  const [updated] = await Promise.all([
    tx
      .updateTable('users')
      .set({ password_hash: passwordHash, credentials_version: sql`credentials_version + 1` })
      .where('id', '=', user.id)
      .where('credentials_version', '=', user.credentialsVersion)
      .where('deleted_at', 'is', null)
      .returning(['id', 'credentials_version as credentialsVersion'])
      .executeTakeFirst(),
    endSessions(tx, caller, { userId: user.id, because: 'new-password', except: keepSession }, at),
    supersedeResets(tx, user.id, at),
    endEmailChanges(tx, user.id, 'new-password', at),
    notifyUser(tx, user, { template: 'password-changed', fill, path: '/forgot-password' }, at),
  ])
  if (!updated) throw problem('invalid-credentials')
  return updated
}
