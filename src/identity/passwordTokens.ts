import type { Config } from '../config.ts'
import type { Db } from '../db/database.ts'
import type { Tx } from '../db/transaction.ts'
import { type Problem, problem } from '../problems.ts'
import { type MailedToken, mintToken, type TokenPurpose } from '../secrets/mailedTokens.ts'
import { whyVoid } from './rules.ts'

const MINUTE = 60_000
export const PASSWORD_LINK_MINUTES = 60

/** `reset` is for whoever reads the mailbox, `first` for a user who is signed in as well: one is nothing for the other. */
type Purpose = 'reset' | 'first'

/** A token as it was presented. */
export interface PresentedToken {
  purpose: Purpose
  tokenHash: Buffer
}

const mailedAs: Record<Purpose, TokenPurpose> = { reset: 'reset-password', first: 'first-password' }

/** Writes a token for a mail that is promised in the same commit; earlier ones for this purpose are superseded. */
export async function issuePasswordToken(
  tx: Tx,
  config: Pick<Config, 'secrets'>,
  { id, userId, purpose }: { id: string; userId: string; purpose: Purpose },
  at: Date,
): Promise<MailedToken> {
  const token = mintToken(config.secrets, mailedAs[purpose], id)
  await Promise.all([
    pendingOf(tx, userId).set({ superseded_at: at }).where('purpose', '=', purpose).execute(),
    tx
      .insertInto('password_reset_tokens')
      .values({
        id,
        user_id: userId,
        purpose,
        token_hash: Buffer.from(token.hash, 'base64url'),
        created_at: at,
        expires_at: new Date(at.getTime() + PASSWORD_LINK_MINUTES * MINUTE),
      })
      .execute(),
  ])
  return token
}

/** Voids all links to a new password, and to a first one, that a user still has out. */
export async function supersedeResets(tx: Tx, userId: string, at: Date): Promise<void> {
  await pendingOf(tx, userId).set({ superseded_at: at }).execute()
}

/** The id of the user whose token this is; throws why it is void. */
export async function ownerOfToken(db: Db, presented: PresentedToken, at: Date): Promise<string> {
  const token = await findToken(db, presented)
  if (!token || token.usedAt || token.supersededAt || token.expiresAt <= at) throw refusalOf(token)
  return token.userId
}

/** Uses a token, once: of parallel calls exactly one succeeds, the others throw why it is void. */
export async function usePasswordToken(tx: Tx, presented: PresentedToken, at: Date): Promise<void> {
  const used = await tx
    .updateTable('password_reset_tokens')
    .set({ used_at: at })
    .where('token_hash', '=', presented.tokenHash)
    .where('purpose', '=', presented.purpose)
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('id')
    .executeTakeFirst()
  if (!used) throw refusalOf(await findToken(tx, presented))
}

function pendingOf(tx: Tx, userId: string) {
  return tx
    .updateTable('password_reset_tokens')
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
}

function findToken(db: Db, { purpose, tokenHash }: PresentedToken) {
  return db
    .selectFrom('password_reset_tokens')
    .select([
      'user_id as userId',
      'used_at as usedAt',
      'superseded_at as supersededAt',
      'expires_at as expiresAt',
    ])
    .where('token_hash', '=', tokenHash)
    .where('purpose', '=', purpose)
    .executeTakeFirst()
}

function refusalOf(token: Parameters<typeof whyVoid>[0] | undefined): Problem {
  return problem(token ? whyVoid(token) : 'token-unknown')
}
