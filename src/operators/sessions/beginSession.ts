import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { FactorMethod } from '../../factors/factorsOf.ts'
import type { Caller, OperatorRole } from '../../http/actor.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { voidLinks } from './voidLinks.ts'

const HOUR = 3_600_000
const SESSION_HOURS = 12
const PREFIX = 'fgo_'
const TOKEN_BYTES = 32

/** An operator as their own pages show them. */
export interface KnownOperator {
  id: string
  email: string
  role: OperatorRole
}

/** A session of an operator that is live. */
export interface OperatorSession {
  sessionId: string
  operator: KnownOperator
  expiresAt: Date
  /** The second factor; null where none was asked for, since there was none. */
  provedBy: FactorMethod | null
}

/** A session that has just begun. Its own token is kept as a hash. */
export interface NewSession extends OperatorSession {
  token: string
}

/** Begins a session of an operator who is held; links and challenges of theirs that are out are void from then on. */
export async function beginSession(
  tx: Tx,
  caller: Caller,
  { operator, provedBy }: Pick<OperatorSession, 'operator' | 'provedBy'>,
  at: Date,
): Promise<NewSession> {
  const [sessionId, token] = [uuidv7(), PREFIX + randomBytes(TOKEN_BYTES).toString('base64url')]
  const expiresAt = new Date(at.getTime() + SESSION_HOURS * HOUR)
  const actor = { kind: 'operator', operatorId: operator.id } as const
  const details = { session: sessionId, second_factor: provedBy }
  await Promise.all([
    voidLinks(tx, operator.id, at),
    tx
      .insertInto('operator_sessions')
      .values({
        id: sessionId,
        operator_id: operator.id,
        token_hash: hashToken(token),
        created_at: at,
        expires_at: expiresAt,
        proved_by: provedBy,
      })
      .execute(),
    audit(tx, { ...caller, actor }, { action: 'operator.signed-in', details }, at),
  ])
  return { sessionId, operator, expiresAt, provedBy, token }
}
