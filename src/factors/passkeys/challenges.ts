import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { columnOf, type Holder, namedIn } from '../holder.ts'

const LIFE_MS = 10 * 60_000

type Purpose = 'add' | 'prove'

/** Remembers a challenge that a passkey of this holder is to answer. */
export async function keepChallenge(
  tx: Tx,
  holder: Holder,
  { purpose, challenge }: { purpose: Purpose; challenge: string },
  at: Date,
): Promise<void> {
  const expires_at = new Date(at.getTime() + LIFE_MS)
  const row = { challenge_hash: hashToken(challenge), ...namedIn(holder), purpose, expires_at }
  await tx.insertInto('factor_passkey_challenges').values(row).execute()
}

/** Uses up the challenge that an answer names, and returns it; null where this holder was not asked, or has answered. */
export async function spendChallenge(
  tx: Tx,
  holder: Holder,
  { purpose, clientDataJSON }: { purpose: Purpose; clientDataJSON: string },
  at: Date,
): Promise<string | null> {
  const challenge = challengeIn(clientDataJSON)
  if (challenge === null) return null
  const spent = await tx
    .deleteFrom('factor_passkey_challenges')
    .where('challenge_hash', '=', hashToken(challenge))
    .where(columnOf(holder), '=', holder.id)
    .where('purpose', '=', purpose)
    .where('expires_at', '>', at)
    .returning('purpose')
    .executeTakeFirst()
  return spent ? challenge : null
}

/** Forgets those that nobody answered. */
export async function forgetChallenges({ db }: Pick<App, 'db'>, at: Date): Promise<void> {
  await db.deleteFrom('factor_passkey_challenges').where('expires_at', '<=', at).execute()
}

function challengeIn(clientDataJSON: string): string | null {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString())
    return typeof challenge === 'string' ? challenge : null
  } catch {
    return null
  }
}
