import { sql } from 'kysely'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { queueMail } from '../mail/queueMail.ts'
import { supersedeResets } from './forgotPassword.ts'
import { endSessions } from './sessions.ts'

/**
 * Gives a user another password: their other sessions end, reset links that are out are void, remembered
 * devices are forgotten, and the mailbox is told.
 */
export async function setNewPassword(
  tx: Tx,
  caller: Caller,
  {
    user,
    passwordHash,
    keepSession = null,
  }: {
    user: { id: string; email: string; name: string | null }
    passwordHash: string
    keepSession?: string | null
  },
  at: Date,
): Promise<void> {
  changed(tx, `user:${user.id}`)
  await Promise.all([
    tx
      .updateTable('users')
      .set({ password_hash: passwordHash, credentials_version: sql`credentials_version + 1` })
      .where('id', '=', user.id)
      .execute(),
    endSessions(tx, caller, { userId: user.id, because: 'new-password', except: keepSession }, at),
    supersedeResets(tx, user.id, at),
    queueMail(
      tx,
      {
        template: 'password-changed',
        to: { address: user.email, name: user.name },
        fill: {},
        link: { path: '/forgot-password' },
        userId: user.id,
      },
      at,
    ),
  ])
}
