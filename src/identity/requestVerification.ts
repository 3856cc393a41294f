import { v7 as uuidv7 } from 'uuid'
import type { Config } from '../config.ts'
import type { Tx } from '../db/transaction.ts'
import { queueMail } from '../mail/queueMail.ts'
import { mintToken } from '../secrets/mailedTokens.ts'

const HOUR = 3_600_000
const LIVES_HOURS = 24

interface Mailbox {
  userId: string
  email: string
  /** Whether the link also signs in, as it does where registering may not say if an address is known. */
  startsSession: boolean
}

/** Promises a mail whose link proves the mailbox; earlier links of the user are superseded. */
export async function requestVerification(
  tx: Tx,
  config: Pick<Config, 'secrets'>,
  { userId, email, startsSession }: Mailbox,
  at: Date,
): Promise<void> {
  const id = uuidv7()
  const token = mintToken(config.secrets, 'verify-email', id)
  await Promise.all([
    supersedeVerification(tx, userId, at),
    tx
      .insertInto('email_verification_tokens')
      .values({
        id,
        user_id: userId,
        email,
        token_hash: Buffer.from(token.hash, 'base64url'),
        starts_session: startsSession,
        created_at: at,
        expires_at: new Date(at.getTime() + LIVES_HOURS * HOUR),
      })
      .execute(),
    queueMail(
      tx,
      {
        template: startsSession ? 'start-session' : 'verification',
        to: { address: email, name: null },
        fill: { hours: LIVES_HOURS },
        link: { path: '/verify-email', token },
        userId,
      },
      at,
    ),
  ])
}

/** Voids all verification links of a user that are still out. */
export async function supersedeVerification(tx: Tx, userId: string, at: Date): Promise<void> {
  await tx
    .updateTable('email_verification_tokens')
    .set({ superseded_at: at })
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .execute()
}
