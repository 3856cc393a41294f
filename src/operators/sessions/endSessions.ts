import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { voidLinks } from './voidLinks.ts'

/** Ends the session of a browser's token, and with it the access tokens that it got; harmless when it is over. */
export async function endSession(tx: Tx, caller: Caller, token: string, at: Date): Promise<void> {
  const ended = await tx
    .updateTable('operator_sessions')
    .set({ ended_at: at })
    .where('token_hash', '=', hashToken(token))
    .where('ended_at', 'is', null)
    .where('expires_at', '>', at)
    .returning(['id', 'operator_id'])
    .executeTakeFirst()
  if (!ended) return
  const actor = { kind: 'operator', operatorId: ended.operator_id } as const
  const details = { session: ended.id }
  await audit(tx, { ...caller, actor }, { action: 'operator.signed-out', details }, at)
}

/** Ends the sessions of an operator but for one. */
export async function endOtherSessions(
  tx: Tx,
  operatorId: string,
  sessionId: string | null,
  at: Date,
): Promise<void> {
  await tx
    .updateTable('operator_sessions')
    .set({ ended_at: at })
    .where('operator_id', '=', operatorId)
    .where('id', 'is distinct from', sessionId)
    .where('ended_at', 'is', null)
    .execute()
}

/** Ends all sessions of an operator, and voids the links that are out, with whatever ends the operator. */
export async function endSessions(tx: Tx, operatorId: string, at: Date): Promise<void> {
  await Promise.all([endOtherSessions(tx, operatorId, null, at), voidLinks(tx, operatorId, at)])
}
