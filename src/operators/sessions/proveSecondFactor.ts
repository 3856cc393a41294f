import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import type { Proof } from '../../factors/fields.ts'
import { proveFactor } from '../../factors/proveFactor.ts'
import type { Caller } from '../../http/actor.ts'
import { operatorFactorLimits } from '../../identity/throttles.ts'
import type { Verdict } from '../../limits/limiter.ts'
import { refuseAboveLimit } from '../../limits/refuseAboveLimit.ts'
import { problem } from '../../problems.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { beginSession, type NewSession } from './beginSession.ts'
import { holdOwner } from './holdOwner.ts'

/** What came of a proof. Whatever it was is to be committed: failures count, and what was used up stays so. */
type Tried =
  | { kind: 'proved'; session: NewSession }
  | { kind: 'wrong' }
  | { kind: 'throttled'; verdict: Verdict }

/**
 * Begins the session of an operator whose link was right, with what proves their second factor. A challenge is good for one
 * session. The operator is held, so that guesses come one after the other, and no more of them are heard than the limits let
 * pass, however many are sent at once.
 */
export async function proveSecondFactor(
  app: App,
  caller: Caller,
  { challenge, proof }: { challenge: string; proof: Proof },
  at: Date,
): Promise<NewSession> {
  const tried = await inTx(app, (tx) => tryProof(tx, app, caller, { challenge, proof }, at))
  if (tried.kind === 'proved') return tried.session
  if (tried.kind === 'throttled') refuseAboveLimit(tried.verdict)
  throw problem('wrong-second-factor')
}

async function tryProof(
  tx: Tx,
  app: App,
  caller: Caller,
  { challenge, proof }: { challenge: string; proof: Proof },
  at: Date,
): Promise<Tried> {
  const tokenHash = hashToken(challenge)
  const operator = await holdOwner(tx, 'operator_challenges', tokenHash)
  const found = operator && (await findChallenge(tx, tokenHash, at))
  if (!found) throw problem('challenge-over')
  const limits = operatorFactorLimits(operator.id, found.id)
  const verdict = await app.limiter.peek(limits, at, tx)
  if (verdict.retryAfterSeconds !== null) return { kind: 'throttled', verdict }
  const provedBy = await proveFactor(tx, app, { kind: 'operator', id: operator.id }, proof, at)
  if (provedBy === null) {
    const details = { operator: operator.id }
    await Promise.all([
      app.limiter.take(limits, at, tx),
      audit(tx, caller, { action: 'operator.second-factor-refused', details }, at),
    ])
    return { kind: 'wrong' }
  }
  await tx.updateTable('operator_challenges').set({ used_at: at }).where('id', '=', found.id).execute()
  return { kind: 'proved', session: await beginSession(tx, caller, { operator, provedBy }, at) }
}

function findChallenge(tx: Tx, tokenHash: Buffer, at: Date) {
  return tx
    .selectFrom('operator_challenges')
    .select('id')
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirst()
}
