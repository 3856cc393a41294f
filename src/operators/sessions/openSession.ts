import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'
import { whyVoid } from '../../identity/rules.ts'
import { problem } from '../../problems.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { voidLinks } from './voidLinks.ts'

const HOUR = 3_600_000
const SESSION_HOURS = 12
const PREFIX = 'fgo_'
const TOKEN_BYTES = 32

/** A session of an operator that is live. */
export interface OperatorSession {
  sessionId: string
  operator: { id: string; email: string }
  expiresAt: Date
}

/**
 * Uses a mailed link, once, and begins a session; other links of the operator are void from then on. Of parallel calls with
 * links of one operator exactly one succeeds, the others throw why theirs is void. The session's own token is returned and
 * kept as a hash.
 */
export async function openSession(
  tx: Tx,
  caller: Caller,
  mailedToken: string,
  at: Date,
): Promise<OperatorSession & { token: string }> {
  const tokenHash = hashToken(mailedToken)
  const operator = await holdOwner(tx, tokenHash)
  if (!operator) throw problem('token-unknown')
  await redeemLink(tx, tokenHash, at)
  await voidLinks(tx, operator.id, at)
  const [sessionId, token] = [uuidv7(), PREFIX + randomBytes(TOKEN_BYTES).toString('base64url')]
  const expiresAt = new Date(at.getTime() + SESSION_HOURS * HOUR)
  await tx
    .insertInto('operator_sessions')
    .values({
      id: sessionId,
      operator_id: operator.id,
      token_hash: hashToken(token),
      created_at: at,
      expires_at: expiresAt,
    })
    .execute()
  const actor = { kind: 'operator', operatorId: operator.id } as const
  const details = { session: sessionId }
  await audit(tx, { ...caller, actor }, { action: 'operator.signed-in', details }, at)
  return { sessionId, operator, expiresAt, token }
}

/** Whose link it is, held so that they are not removed meanwhile; null too where they were. */
function holdOwner(tx: Tx, tokenHash: Buffer) {
  return tx
    .selectFrom('operators as o')
    .select(['o.id', 'o.email'])
    .where('o.disabled_at', 'is', null)
    .where('o.id', '=', (e) =>
      e.selectFrom('operator_sign_in_tokens').select('operator_id').where('token_hash', '=', tokenHash),
    )
    .forNoKeyUpdate()
    .executeTakeFirst()
}

async function redeemLink(tx: Tx, tokenHash: Buffer, at: Date): Promise<void> {
  const used = await tx
    .updateTable('operator_sign_in_tokens')
    .set({ used_at: at })
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('id')
    .executeTakeFirst()
  if (used) return
  const token = await tx
    .selectFrom('operator_sign_in_tokens')
    .select(['used_at as usedAt', 'superseded_at as supersededAt', 'expires_at as expiresAt'])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
  throw problem(token ? whyVoid(token) : 'token-unknown')
}
