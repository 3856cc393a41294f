import type { Db } from '../../db/database.ts'
import type { FactorMethod } from '../../factors/factorsOf.ts'
import type { OperatorRole } from '../../http/actor.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import type { OperatorSession } from './beginSession.ts'

/** The live session that a browser's token is of; null for one that is over, or was removed with its operator. */
export async function findSession(db: Db, token: string, at: Date): Promise<OperatorSession | null> {
  const found = await db
    .selectFrom('operator_sessions as s')
    .innerJoin('operators as o', 'o.id', 's.operator_id')
    .select(['s.id as sessionId', 's.expires_at as expiresAt', 's.proved_by', 'o.id', 'o.email', 'o.role'])
    .where('s.token_hash', '=', hashToken(token))
    .where('s.ended_at', 'is', null)
    .where('s.expires_at', '>', at)
    .where('o.disabled_at', 'is', null)
    .executeTakeFirst()
  if (!found) return null
  const { sessionId, expiresAt, id, email, role } = found
  return {
    sessionId,
    expiresAt,
    operator: { id, email, role: role as OperatorRole },
    provedBy: found.proved_by as FactorMethod | null,
  }
}
