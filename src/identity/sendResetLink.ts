import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import { queueMail } from '../mail/queueMail.ts'
import { mintToken } from '../secrets/mailedTokens.ts'
import type { ResetRequest } from './forgotPassword.ts'
import { findUserByEmail, recipientOf, type UserRecord } from './users.ts'

const MINUTE = 60_000
const LIVES_MINUTES = 60

/** Mails the reset link that was asked for, if somebody has the address; a second run mails nothing. */
export async function sendResetLink(app: App, request: ResetRequest): Promise<void> {
  const { id, email, caller, requestedAt } = request
  await inTx(app, async (tx) => {
    const [user, earlierRun] = await Promise.all([
      findUserByEmail(tx, email),
      tx.selectFrom('password_reset_tokens').select('id').where('id', '=', id).executeTakeFirst(),
    ])
    if (earlierRun) return
    const entry = { action: 'password.reset-requested', userId: user?.id ?? null }
    await Promise.all([
      user ? mailLink(tx, app.config, user, id, app.now()) : undefined,
      audit(tx, caller, entry, new Date(requestedAt)),
    ])
  })
}

async function mailLink(
  tx: Tx,
  config: App['config'],
  user: UserRecord,
  id: string,
  at: Date,
): Promise<void> {
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
