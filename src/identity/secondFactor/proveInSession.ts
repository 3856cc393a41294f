import { readSnapshot, type Snapshot } from '../../access/snapshot.ts'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import type { Proof } from '../../factors/fields.ts'
import type { Caller, UserActor } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { sessionProofLimits } from '../throttles.ts'
import { lockUser, type UserRecord } from '../users.ts'
import { noteProof } from './noteProof.ts'
import { provedBy, type Tried, tryProof } from './tryProof.ts'

/** A session that a factor has just proved. */
interface Proved {
  snapshot: Snapshot
  user: UserRecord
}

/** Proves a factor of the caller in their running session, which counts as proved from now on. */
export async function proveInSession(
  app: App,
  caller: Caller<UserActor>,
  proof: Proof,
  at: Date,
): Promise<Proved> {
  const outcome = await inTx(app, (tx) => prove(tx, app, caller, proof, at))
  if ('snapshot' in outcome) return outcome
  provedBy(outcome)
  throw new Error('A proof that was right changed nothing')
}

async function prove(
  tx: Tx,
  app: App,
  caller: Caller<UserActor>,
  proof: Proof,
  at: Date,
): Promise<Proved | Tried> {
  const { userId, sessionId, accountId } = caller.actor
  const user = await lockUser(tx, userId)
  if (!user) throw problem('session-expired')
  if (!user.hasSecondFactor) throw problem('no-second-factor')
  const limits = sessionProofLimits(userId)
  const tried = await tryProof(tx, app, caller, { user, proof, limits }, at)
  if (tried.kind !== 'proved') return tried
  const { method } = tried
  await Promise.all([
    noteProof(tx, { sessionId, method }, at),
    audit(tx, caller, { action: 'session.proved', userId, details: { session: sessionId, method } }, at),
  ])
  const snapshot = await readSnapshot(tx, sessionId, accountId)
  if (!snapshot) throw problem('session-expired')
  return { snapshot, user }
}
