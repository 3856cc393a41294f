import { sql } from 'kysely'
import type { Tx } from '../db/transaction.ts'
import { queueMail } from '../mail/queueMail.ts'
import type { TemplateFill, TemplateName } from '../mail/templates.ts'
import { recipientOf, type UserRecord } from './users.ts'

const HOUR = 3_600_000
const MOST_PER_HOUR = 5

type NoticeName =
  | 'already-registered'
  | 'new-sign-in'
  | 'password-changed'
  | 'session-reused'
  | 'identity-linked'
  | 'identity-unlinked'
  | 'address-taken-over'
  | 'factor-added'
  | 'factor-removed'
  | 'factors-reset'
  | 'recovery-codes-made'
  | 'recovery-code-used'
  | 'second-factor-refused'

interface Notice<T extends TemplateName> {
  template: T
  fill: TemplateFill[T]
  /** The page that its button opens. */
  path: string
}

/**
 * Tells a user what happened around their sign-in. At most five mails of a kind an hour: whoever registers
 * the address of somebody else can make such things happen at will.
 */
export async function notifyUser<T extends NoticeName>(
  tx: Tx,
  user: Pick<UserRecord, 'id' | 'email' | 'name' | 'emailVerifiedAt'>,
  { template, fill, path }: Notice<T>,
  at: Date,
): Promise<void> {
  const since = new Date(at.getTime() - HOUR)
  // The user's row is locked, so that two who count at once do not both find room for one more.
  const [, { rows }] = await Promise.all([
    tx.selectFrom('users').select('id').where('id', '=', user.id).forUpdate().execute(),
    sql<{ mailed: number }>`
      select count(*) as mailed from mail_log
      where user_id = ${user.id} and template = ${template} and created_at > ${since}`.execute(tx),
  ])
  if (rows[0] && rows[0].mailed >= MOST_PER_HOUR) return
  await queueMail(tx, { template, to: recipientOf(user), fill, link: { path }, userId: user.id }, at)
}
