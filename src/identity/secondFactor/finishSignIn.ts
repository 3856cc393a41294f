import type { App } from '../../app.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import type { Proof } from '../../factors/fields.ts'
import type { Caller } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { noticeNewDevice, signedInFromHere } from '../newDevice.ts'
import { type LetIn, openSession } from '../openSession.ts'
import { challengeLimits, secondFactorLimits } from '../throttles.ts'
import { lockUser, type UserRecord } from '../users.ts'
import { type Challenge, findChallenge, spendChallenge } from './challenges.ts'
import { provedBy, type Tried, tryProof } from './tryProof.ts'

export interface SecondStep {
  /** The token of the challenge. */
  challenge: string
  proof: Proof
  /** The device of the request; null for one that this user never proved a factor in. */
  deviceOf: (user: UserRecord) => { deviceId: string } | null
}

/**
 * Begins the session that a first step was right for, with what proves the second factor. A challenge is good for one session
 * and five failures; a new password in between voids it.
 */
export async function finishSignIn(
  app: App,
  caller: Caller,
  step: SecondStep,
  at: Date,
): Promise<LetIn & { kind: 'entered' }> {
  const outcome = await inTx(app, (tx) => finish(tx, app, caller, step, at))
  if ('entered' in outcome) return outcome.entered
  provedBy(outcome)
  throw new Error('A proof that was right let nobody in')
}

async function finish(
  tx: Tx,
  app: App,
  caller: Caller,
  { challenge: token, proof, deviceOf }: SecondStep,
  at: Date,
): Promise<{ entered: LetIn & { kind: 'entered' } } | Tried> {
  const { challenge, user } = await lockChallenged(tx, token, at)
  const device = deviceOf(user)
  const limits = [...challengeLimits(challenge.id), ...secondFactorLimits(user.id, device)]
  const tried = await tryProof(tx, app, caller, { user, proof, limits, isStranger: device === null }, at)
  if (tried.kind !== 'proved') return tried
  if (!(await spendChallenge(tx, challenge.id, at))) throw problem('challenge-over')
  const { method, credentialsVersion, accountId } = challenge
  const signedIn = { userId: user.id, method, credentialsVersion, accountId, factor: tried.method }
  const [seenBefore, snapshot] = await Promise.all([
    device !== null || signedInFromHere(tx, caller, user.id),
    openSession(tx, caller, app.config, signedIn, at),
  ])
  if (!seenBefore) await noticeNewDevice(tx, caller, user, at)
  return { entered: { kind: 'entered', snapshot, user } }
}

/** A challenge that is good, with its user, who is locked: of several calls with it one after the other goes on. */
async function lockChallenged(
  tx: Tx,
  token: string,
  at: Date,
): Promise<{ challenge: Challenge; user: UserRecord }> {
  const seen = await findChallenge(tx, token, at)
  const user = seen && (await lockUser(tx, seen.userId))
  const challenge = user && (await findChallenge(tx, token, at))
  if (!challenge || user.credentialsVersion !== challenge.credentialsVersion) throw problem('challenge-over')
  return { challenge, user }
}
