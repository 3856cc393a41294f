import { v7 as uuidv7 } from 'uuid'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { queueMail } from '../mail/queueMail.ts'
import { mintToken } from '../secrets/mailedTokens.ts'
import { mailLimits, refuseAboveLimit } from './throttles.ts'
import { findUserByEmail, recipientOf, type UserRecord } from './users.ts'

const MINUTE = 60_000
const LIVES_MINUTES = 60

/**
 * Mails a reset link to the address if it is known. Known or not, the caller sees the same answer after the
 * same work under the same throttle.
 */
export async function forgotPassword(app: App, caller: Caller, email: string, at: Date): Promise<void> {
  refuseAboveLimit(await app.limiter.take(mailLimits('forgot', email, caller.ip), at))
  await inTx(app, async (tx) => {
    const user = await findUserByEmail(tx, email)
    await Promise.all([
      user ? requestReset(tx, app, user, at) : undefined,
      audit(tx, caller, { action: 'password.reset-requested', userId: user?.id ?? null }, at),
    ])
  })
}

async function requestReset(tx: Tx, { config }: App, user: UserRecord, at: Date): Promise<void> {
  const id = uuidv7()
  const token = mintToken(config.secrets, 'reset-password', id)
  await Promise.all([
    supersedeResets(tx, user.id, at),
    tx
      .insertInto('password_reset_tokens')
      .values({
        id,
        user_id: user.id,
        token_hash: Buffer.from(token.hash, 'base64url'),
        created_at: at,
        expires_at: new Date(at.getTime() + LIVES_MINUTES * MINUTE),
      })
      .execute(),
    queueMail(
      tx,
      {
        template: 'password-reset',
        to: recipientOf(user),
        fill: { minutes: LIVES_MINUTES },
        link: { path: '/reset-password', token },
        userId: user.id,
      },
      at,
    ),
  ])
}

/** Voids all reset links of a user that are still out. */
export async function supersedeResets(tx: Tx, userId: string, at: Date): Promise<void> {
  await tx
    .updateTable('password_reset_tokens')
    .set({ superseded_at: at })
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .execute()
}
