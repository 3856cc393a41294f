import { sql } from 'kysely'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import { removeFactorsSince } from '../../factors/removeFactorsSince.ts'
import type { Caller } from '../../http/actor.ts'
import { queueMail } from '../../mail/queueMail.ts'
import { forgetIdentitiesSince, vouchOnlyFor } from '../oauth/identities.ts'
import { supersedeResets } from '../passwordTokens.ts'
import { supersedeVerification } from '../requestVerification.ts'
import { endSessions } from '../sessions.ts'
import type { UserRecord } from '../users.ts'
import { type EmailChange, endEmailChanges, withEmailChange } from './emailChanges.ts'

/** Calls a change of address off, from either of its mailboxes; or takes it back, from the one that was replaced. */
export async function refuseEmailChange(app: App, caller: Caller, token: string, at: Date): Promise<void> {
  await withEmailChange(app, token, at, async (tx, found) => {
    if (found.change.side === 'undo') return undo(tx, caller, found, at)
    const { id: userId } = found.user
    const details = { by: found.change.side }
    await Promise.all([
      endEmailChanges(tx, userId, 'refused', at),
      audit(tx, caller, { action: 'email.change-refused', userId, details }, at),
    ])
  })
}

/**
 * The old address holds again, verified as it was. Whoever changed it may have been somebody else, so every session
 * ends, remembered devices are forgotten, links and changes from after it are void, and what was linked since is taken off, as
 * are second factors and recovery codes from after it was asked for: they would lock out whom the mailbox belongs to.
 */
async function undo(
  tx: Tx,
  caller: Caller,
  { user, change }: { user: UserRecord; change: EmailChange },
  at: Date,
): Promise<void> {
  const { id: userId } = user
  await Promise.all([
    tx
      .updateTable('users')
      .set({
        email: change.oldEmail,
        email_verified_at: change.oldVerifiedAt,
        credentials_version: sql`credentials_version + 1`,
      })
      .where('id', '=', userId)
      .execute(),
    endSessions(tx, caller, { userId, because: 'email-change-undone' }, at),
    supersedeVerification(tx, userId, at),
    supersedeResets(tx, userId, at),
    endChangesSince(tx, change, at),
    forgetIdentitiesSince(tx, caller, userId, change.createdAt, at),
    forgetFactorsSince(tx, caller, { userId, since: change.createdAt }, at),
    vouchOnlyFor(tx, userId, change.oldEmail),
    audit(tx, caller, { action: 'email.change-undone', userId }, at),
    tellBoth(tx, { user, change }, at),
  ])
}

async function forgetFactorsSince(
  tx: Tx,
  caller: Caller,
  { userId, since }: { userId: string; since: Date },
  at: Date,
): Promise<void> {
  const removed = await removeFactorsSince(tx, { kind: 'user', id: userId }, since)
  if (removed === 0) return
  const details = { removed, because: 'email-change-undone' }
  await audit(tx, caller, { action: 'factor.removed', userId, details }, at)
}

/** Ends this change, and those that were asked for after it: they began with the address that is taken back. */
async function endChangesSince(tx: Tx, { id, userId, changedAt }: EmailChange, at: Date): Promise<void> {
  await tx
    .updateTable('email_changes')
    .set({ ended_at: at, ended_because: sql`case id when ${id} then 'undone' else 'superseded' end` })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .where((e) => e.or([e('id', '=', id), e('created_at', '>=', changedAt)]))
    .execute()
}

async function tellBoth(
  tx: Tx,
  { user, change }: { user: UserRecord; change: EmailChange },
  at: Date,
): Promise<void> {
  const { id: userId, name } = user
  const [restored, removed] = [
    { address: change.oldEmail, name },
    { address: user.email, name },
  ]
  const link = { path: '/forgot-password' }
  await Promise.all([
    queueMail(tx, { template: 'email-restored', to: restored, fill: {}, link, userId }, at),
    queueMail(tx, { template: 'email-change-undone', to: removed, fill: {}, userId }, at),
  ])
}
