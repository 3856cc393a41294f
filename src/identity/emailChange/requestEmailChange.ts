import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import type { Config } from '../../config.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import type { Caller, UserActor } from '../../http/actor.ts'
import { refuseAboveLimit } from '../../limits/refuseAboveLimit.ts'
import { queueMail } from '../../mail/queueMail.ts'
import { problem } from '../../problems.ts'
import { type MailedToken, mintToken } from '../../secrets/mailedTokens.ts'
import { confirmPassword } from '../confirmPassword.ts'
import { notifyUser } from '../notifyUser.ts'
import { refuseUnlessRecent } from '../recentSignIn.ts'
import { emailChangeLimits } from '../throttles.ts'
import { findUser, findUserByEmail, lockUser, recipientOf, type UserRecord } from '../users.ts'
import { endEmailChanges } from './emailChanges.ts'

const HOUR = 3_600_000
const LIVES_HOURS = 24

/**
 * Asks both mailboxes whether the caller's address may change; an earlier change that is pending ends. It takes the
 * password, or a sign-in of the last ten minutes. With REGISTRATION_PRIVACY=strict nothing that the caller or their
 * mailbox gets to see depends on whether the new address is known.
 */
export async function requestEmailChange(
  app: App,
  caller: Caller<UserActor>,
  { email, password, signedInAt }: { email: string; password: string | undefined; signedInAt: Date },
  at: Date,
): Promise<void> {
  const { userId } = caller.actor
  const asking = await findUser(app.db, userId)
  if (!asking) throw problem('unauthenticated')
  if (password !== undefined) await confirmPassword(app, caller, asking, password, at)
  else refuseUnlessRecent(signedInAt, at)
  if (email === asking.email)
    throw problem('invalid-request', { errors: [{ pointer: '#/email', detail: 'is your address already' }] })
  refuseAboveLimit(await app.limiter.take(emailChangeLimits(email, userId, caller.ip), at))
  await inTx(app, async (tx) => {
    const [user, owner] = await Promise.all([lockUser(tx, userId), findUserByEmail(tx, email)])
    // Deleted, or given another password, since they proved who they are.
    if (user?.credentialsVersion !== asking.credentialsVersion) throw problem('session-expired')
    if (owner && app.config.registrationPrivacy === 'open') throw problem('email-already-registered')
    await endEmailChanges(tx, userId, 'superseded', at)
    const tokens = await addChange(tx, app.config, caller, { user, email }, at)
    await Promise.all([
      owner
        ? notifyUser(tx, owner, { template: 'already-registered', fill: {}, path: '/sign-in' }, at)
        : askNewMailbox(tx, { user, email, token: tokens.new, isAlone: !tokens.old }, at),
      tokens.old && askOldMailbox(tx, { user, email, token: tokens.old }, at),
      audit(tx, caller, { action: 'email.change-requested', userId }, at),
    ])
  })
}

async function addChange(
  tx: Tx,
  config: Pick<Config, 'secrets'>,
  { actor }: Caller<UserActor>,
  { user, email }: { user: UserRecord; email: string },
  at: Date,
): Promise<{ new: MailedToken; old: MailedToken | null }> {
  const id = uuidv7()
  const tokens = {
    new: mintToken(config.secrets, 'confirm-new-email', id),
    old: user.emailVerifiedAt ? mintToken(config.secrets, 'confirm-old-email', id) : null,
  }
  await tx
    .insertInto('email_changes')
    .values({
      id,
      user_id: user.id,
      session_id: actor.sessionId,
      old_email: user.email,
      old_verified_at: user.emailVerifiedAt,
      new_email: email,
      new_token_hash: Buffer.from(tokens.new.hash, 'base64url'),
      old_token_hash: tokens.old && Buffer.from(tokens.old.hash, 'base64url'),
      created_at: at,
      expires_at: new Date(at.getTime() + LIVES_HOURS * HOUR),
    })
    .execute()
  return tokens
}

async function askNewMailbox(
  tx: Tx,
  { user, email, token, isAlone }: { user: UserRecord; email: string; token: MailedToken; isAlone: boolean },
  at: Date,
): Promise<void> {
  await queueMail(
    tx,
    {
      template: 'confirm-new-email',
      to: { address: email, name: null },
      fill: { hours: LIVES_HOURS, isAlone },
      link: { path: '/confirm-email-change', token },
      userId: user.id,
    },
    at,
  )
}

async function askOldMailbox(
  tx: Tx,
  { user, email, token }: { user: UserRecord; email: string; token: MailedToken },
  at: Date,
): Promise<void> {
  await queueMail(
    tx,
    {
      template: 'confirm-old-email',
      to: recipientOf(user),
      fill: { hours: LIVES_HOURS, newEmail: email },
      link: { path: '/confirm-email-change', token },
      userId: user.id,
    },
    at,
  )
}
