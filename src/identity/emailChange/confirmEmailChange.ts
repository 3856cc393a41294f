import { sql } from 'kysely'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import type { Config } from '../../config.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import { bindTrialToMailbox } from '../../entitlements/trials.ts'
import type { Caller } from '../../http/actor.ts'
import { queueMail } from '../../mail/queueMail.ts'
import { problem } from '../../problems.ts'
import { mintToken } from '../../secrets/mailedTokens.ts'
import { vouchOnlyFor } from '../oauth/identities.ts'
import { supersedeResets } from '../passwordTokens.ts'
import { supersedeVerification } from '../requestVerification.ts'
import { type EmailChangeEnd, isLive } from '../rules.ts'
import { recipientOf, type UserRecord } from '../users.ts'
import { type EmailChange, endEmailChanges, withEmailChange } from './emailChanges.ts'

const DAY = 86_400_000
const UNDO_DAYS = 7

export interface ConfirmedChange {
  email: string
  /** `waiting` until the other mailbox has confirmed it too. */
  status: 'changed' | 'waiting'
}

interface Found {
  user: UserRecord
  change: EmailChange
}

/**
 * Confirms a change of address from one of its mailboxes. The address changes in the commit of the last confirmation
 * that it takes, in one of parallel calls, if the session that asked for it is still live; otherwise the change ends.
 */
export async function confirmEmailChange(
  app: App,
  caller: Caller,
  token: string,
  at: Date,
): Promise<ConfirmedChange> {
  const confirmed = await withEmailChange(app, token, at, async (tx, found) => {
    const { user, change } = found
    if (change.side === 'undo') throw problem('token-unknown')
    const because = await whyEnd(tx, found, at)
    if (because) {
      const entry = { action: 'email.change-ended', userId: user.id, details: { because } }
      await Promise.all([endEmailChanges(tx, user.id, because, at), audit(tx, caller, entry, at)])
      return null
    }
    const isComplete = await noteConfirmation(tx, change, at)
    if (isComplete) await changeEmail(tx, app.config, caller, found, at)
    return { email: change.newEmail, status: isComplete ? ('changed' as const) : ('waiting' as const) }
  })
  // Said only now: the end of the change is committed.
  if (!confirmed) throw problem('token-canceled')
  return confirmed
}

async function whyEnd(tx: Tx, { user, change }: Found, at: Date): Promise<EmailChangeEnd | null> {
  if (user.emailVerifiedAt && !change.oldVerifiedAt) return 'address-proved'
  const session = await tx
    .selectFrom('sessions')
    .select(['revoked_at as revokedAt', 'expires_at as expiresAt', 'idle_expires_at as idleExpiresAt'])
    .where('id', '=', change.sessionId)
    .executeTakeFirstOrThrow()
  return isLive(session, at) ? null : 'session-over'
}

/** Whether that was the last confirmation that the change takes. */
async function noteConfirmation(tx: Tx, { id, side }: EmailChange, at: Date): Promise<boolean> {
  const mine = side === 'old' ? 'old_confirmed_at' : 'new_confirmed_at'
  const noted = await tx
    .updateTable('email_changes')
    .set({ [mine]: sql`coalesce(${sql.ref(mine)}, ${at})` })
    .where('id', '=', id)
    .where('changed_at', 'is', null)
    .where('ended_at', 'is', null)
    .returning(['old_token_hash', 'old_confirmed_at', 'new_confirmed_at'])
    .executeTakeFirst()
  if (!noted) throw problem('token-canceled')
  const isOldSettled = noted.old_token_hash === null || noted.old_confirmed_at !== null
  return noted.new_confirmed_at !== null && isOldSettled
}

async function changeEmail(
  tx: Tx,
  config: Pick<Config, 'secrets'>,
  caller: Caller,
  found: Found,
  at: Date,
): Promise<void> {
  const { id: userId } = found.user
  const { oldEmail, newEmail } = found.change
  changed(tx, `user:${userId}`)
  const [updated] = await Promise.all([
    tx
      .updateTable('users')
      .set({ email: newEmail, email_verified_at: at })
      .where('id', '=', userId)
      .where('email', '=', oldEmail)
      .returning('id')
      .executeTakeFirst(),
    supersedeVerification(tx, userId, at),
    supersedeResets(tx, userId, at),
    bindTrialToMailbox(tx, userId, newEmail, at),
    vouchOnlyFor(tx, userId, newEmail),
    found.change.oldVerifiedAt ? offerUndo(tx, config, found, at) : tellRemovedMailbox(tx, found, at),
    audit(tx, caller, { action: 'email.changed', userId }, at),
  ])
  if (!updated) throw problem('token-canceled')
}

async function offerUndo(
  tx: Tx,
  config: Pick<Config, 'secrets'>,
  { user, change }: Found,
  at: Date,
): Promise<void> {
  const token = mintToken(config.secrets, 'undo-email-change', change.id)
  await Promise.all([
    tx
      .updateTable('email_changes')
      .set({
        changed_at: at,
        undo_token_hash: Buffer.from(token.hash, 'base64url'),
        undo_until: new Date(at.getTime() + UNDO_DAYS * DAY),
      })
      .where('id', '=', change.id)
      .execute(),
    queueMail(
      tx,
      {
        template: 'email-changed',
        to: recipientOf(user),
        fill: { newEmail: change.newEmail, days: UNDO_DAYS },
        link: { path: '/undo-email-change', token },
        userId: user.id,
      },
      at,
    ),
  ])
}

/** Nobody has proved to own the old mailbox, so whoever reads it gets no say over this user. */
async function tellRemovedMailbox(tx: Tx, { user, change }: Found, at: Date): Promise<void> {
  await Promise.all([
    tx.updateTable('email_changes').set({ changed_at: at }).where('id', '=', change.id).execute(),
    queueMail(tx, { template: 'email-removed', to: recipientOf(user), fill: {}, userId: user.id }, at),
  ])
}
