import type { Tx } from '../../db/transaction.ts'
import { type Factors, factorsOf, methodsOf } from '../../factors/factorsOf.ts'
import type { Caller, SignedInOperator } from '../../http/actor.ts'
import { problem } from '../../problems.ts'

const RECENT_MS = 10 * 60_000

/** What a session is known by. */
interface Proof {
  signedInAt: Date
  hasFactor: boolean
}

/**
 * What the caller proved, and when; null where the command line printed their token a moment ago, for whoever has the machine.
 * Throws where the session is over.
 */
export async function findProof(
  tx: Tx,
  { actor: { sessionId } }: Caller<SignedInOperator>,
): Promise<Proof | null> {
  if (sessionId === null) return null
  const session = await tx
    .selectFrom('operator_sessions')
    .select(['created_at', 'proved_by'])
    .where('id', '=', sessionId)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  if (!session) throw problem('session-expired')
  return { signedInAt: session.created_at, hasFactor: session.proved_by !== null }
}

/** Throws unless that was within the last ten minutes, and with a factor of those that there are. */
export function refuseStaleProof(proof: Proof | null, factors: Factors, at: Date): void {
  if (!proof) return
  if (!proof.hasFactor && methodsOf(factors).length > 0) throw problem('session-expired')
  if (at.getTime() - proof.signedInAt.getTime() > RECENT_MS) {
    const detail = 'This is done within ten minutes of signing in: sign in again.'
    throw problem('recent-sign-in-required', undefined, { detail })
  }
}

/** Throws unless the caller signed in within the last ten minutes: a page that was left open is not enough. */
export async function refuseUnlessRecent(tx: Tx, caller: Caller<SignedInOperator>, at: Date): Promise<void> {
  const holder = { kind: 'operator', id: caller.actor.operatorId } as const
  const [proof, factors] = await Promise.all([findProof(tx, caller), factorsOf(tx, holder)])
  refuseStaleProof(proof, factors, at)
}
