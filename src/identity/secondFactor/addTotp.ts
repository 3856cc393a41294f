import type { App } from '../../app.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import { confirmTotp } from '../../factors/totp/confirmTotp.ts'
import { offerTotp, type TotpOffer } from '../../factors/totp/offerTotp.ts'
import type { Caller, UserActor } from '../../http/actor.ts'
import { sessionProofLimits } from '../throttles.ts'
import type { UserRecord } from '../users.ts'
import { afterAdding } from './afterChange.ts'
import { lockForFactors } from './lockForFactors.ts'
import { countWrongProof, provedBy, type Tried } from './tryProof.ts'

/** Makes a secret for an authenticator app of the caller, in force once a code of it is shown. */
export async function offerAuthenticator(
  tx: Tx,
  app: App,
  caller: Caller<UserActor>,
  at: Date,
): Promise<TotpOffer> {
  const { user, holder } = await lockForFactors(tx, app, caller, at)
  return offerTotp(tx, app, holder, user.email, at)
}

/** What came of adding a factor: recovery codes with somebody's first one. */
interface Added {
  user: UserRecord
  codes: string[] | null
}

/** Puts the offered authenticator in force, in place of the one before. */
export async function addTotp(app: App, caller: Caller<UserActor>, code: string, at: Date): Promise<Added> {
  const outcome = await inTx(app, (tx) => confirm(tx, app, caller, code, at))
  if ('codes' in outcome) return outcome
  provedBy(outcome)
  throw new Error('A code that was right confirmed nothing')
}

async function confirm(
  tx: Tx,
  app: App,
  caller: Caller<UserActor>,
  code: string,
  at: Date,
): Promise<Added | Tried> {
  const held = await lockForFactors(tx, app, caller, at)
  const limits = sessionProofLimits(held.user.id)
  const verdict = await app.limiter.peek(limits, at, tx)
  if (verdict.retryAfterSeconds !== null) return { kind: 'throttled', verdict }
  if (await confirmTotp(tx, app, held.holder, code, at))
    return { user: held.user, codes: await afterAdding(tx, caller, held, 'totp', at) }
  await countWrongProof(tx, app, caller, { user: held.user, limits }, at)
  return { kind: 'wrong' }
}
