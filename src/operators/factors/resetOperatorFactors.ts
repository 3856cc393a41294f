import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import { removeFactors } from '../../factors/removeFactors.ts'
import type { Caller } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { holdOperator } from '../holdOperator.ts'
import { endSessions } from '../sessions/endSessions.ts'
import { mailChange } from './mailChange.ts'

/**
 * Takes all factors of an operator away who has lost them, for whoever made sure that it is them. Their sessions end; with the next
 * link they set up another one.
 */
export async function resetOperatorFactors(
  tx: Tx,
  caller: Caller,
  { id, reason }: { id: string; reason?: string | undefined },
  at: Date,
): Promise<void> {
  const { operator } = await holdOperator(tx, id)
  if (!operator) throw problem('not-found')
  await Promise.all([
    removeFactors(tx, { kind: 'operator', id }),
    endSessions(tx, id, at),
    audit(tx, caller, { action: 'operator.factors-reset', details: { operator: id, reason } }, at),
    mailChange(tx, { email: operator.email, change: 'reset' }, at),
  ])
}
