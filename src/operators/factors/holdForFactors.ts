import type { Tx } from '../../db/transaction.ts'
import { type Factors, factorsOf, methodsOf } from '../../factors/factorsOf.ts'
import type { Caller, SignedInOperator } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { findProof, refuseStaleProof } from './recentProof.ts'

/** An operator whose factors may be changed, and what they have so far. */
export interface FactorHolder {
  holder: { kind: 'operator'; id: string }
  email: string
  factors: Factors
}

/**
 * Holds the caller, whose factors are about to change. Whoever has some already must have proved one in this session, and within
 * the last ten minutes: a page that was left open changes nothing.
 */
export async function holdForFactors(
  tx: Tx,
  caller: Caller<SignedInOperator>,
  at: Date,
): Promise<FactorHolder> {
  const holder = { kind: 'operator', id: caller.actor.operatorId } as const
  const operator = await tx
    .selectFrom('operators')
    .select('email')
    .where('id', '=', holder.id)
    .where('disabled_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst()
  const [proof, factors] = await Promise.all([findProof(tx, caller), factorsOf(tx, holder)])
  if (!operator) throw problem('session-expired')
  if (methodsOf(factors).length > 0) refuseStaleProof(proof, factors, at)
  return { holder, email: operator.email, factors }
}
