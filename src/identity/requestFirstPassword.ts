import { v7 as uuidv7 } from 'uuid'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { refuseAboveLimit } from '../limits/refuseAboveLimit.ts'
import { queueMail } from '../mail/queueMail.ts'
import { problem } from '../problems.ts'
import { issuePasswordToken, PASSWORD_LINK_MINUTES } from './passwordTokens.ts'
import { mailLimits } from './throttles.ts'
import { findUser, lockUser, recipientOf, type UserRecord } from './users.ts'

/** Mails the caller, who has no password, a link to choose one while signed in; throttled. */
export async function requestFirstPassword(app: App, caller: Caller<UserActor>, at: Date): Promise<void> {
  const { userId } = caller.actor
  const { email } = userWithoutPassword(await findUser(app.db, userId))
  refuseAboveLimit(await app.limiter.take(mailLimits('first', email, caller.ip), at))
  await inTx(app, async (tx) => {
    // Locked, so that the link goes to no mailbox that is being taken off this user.
    const user = userWithoutPassword(await lockUser(tx, userId))
    await Promise.all([
      mailLink(tx, app.config, user, at),
      audit(tx, caller, { action: 'password.first-requested', userId }, at),
    ])
  })
}

async function mailLink(tx: Tx, config: App['config'], user: UserRecord, at: Date): Promise<void> {
  const issued = { id: uuidv7(), userId: user.id, purpose: 'first' } as const
  const token = await issuePasswordToken(tx, config, issued, at)
  await queueMail(
    tx,
    {
      template: 'first-password',
      to: recipientOf(user),
      fill: { minutes: PASSWORD_LINK_MINUTES },
      link: { path: '/set-password', token },
      userId: user.id,
    },
    at,
  )
}

/** The user, who must be there and have no password. */
export function userWithoutPassword(user: UserRecord | null): UserRecord {
  if (!user) throw problem('unauthenticated')
  if (user.passwordHash !== null) throw problem('password-exists')
  return user
}
