import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import { methodsOf } from '../../factors/factorsOf.ts'
import { addPasskey } from '../../factors/passkeys/addPasskey.ts'
import { replaceRecoveryCodes } from '../../factors/recoveryCodes/replaceRecoveryCodes.ts'
import { confirmTotp } from '../../factors/totp/confirmTotp.ts'
import type { Caller, SignedInOperator } from '../../http/actor.ts'
import { operatorFactorLimits } from '../../identity/throttles.ts'
import { refuseAboveLimit } from '../../limits/refuseAboveLimit.ts'
import { problem } from '../../problems.ts'
import { endOtherSessions } from '../sessions/endSessions.ts'
import { type FactorHolder, holdForFactors } from './holdForFactors.ts'
import { mailChange } from './mailChange.ts'

type NewPasskey = Parameters<typeof addPasskey>[3]

/** What came of adding a factor: recovery codes with the first one, else null. */
interface Added {
  /** Of a passkey. */
  id: string | null
  codes: string[] | null
}

/** Puts the authenticator app that was offered in force with a code of it; wrong ones are counted. */
export async function addTotp(
  app: App,
  caller: Caller<SignedInOperator>,
  code: string,
  at: Date,
): Promise<Added> {
  const limits = operatorFactorLimits(caller.actor.operatorId, null)
  refuseAboveLimit(await app.limiter.peek(limits, at))
  const added = await inTx(app, async (tx): Promise<Added | null> => {
    const held = await holdForFactors(tx, caller, at)
    if (await confirmTotp(tx, app, held.holder, code, at)) return afterAdding(tx, caller, held, 'totp', at)
    const details = { operator: held.holder.id }
    await Promise.all([
      app.limiter.take(limits, at, tx),
      audit(tx, caller, { action: 'operator.second-factor-refused', details }, at),
    ])
    return null
  })
  if (!added) throw problem('wrong-second-factor')
  return added
}

/** Adds the passkey that the caller's browser made. */
export async function addOperatorPasskey(
  tx: Tx,
  app: App,
  caller: Caller<SignedInOperator>,
  passkey: NewPasskey,
  at: Date,
): Promise<Added> {
  const held = await holdForFactors(tx, caller, at)
  const added = await addPasskey(tx, app, held.holder, passkey, at)
  if (!added) throw problem('wrong-second-factor')
  return { ...(await afterAdding(tx, caller, held, 'passkey', at)), id: added.id }
}

/**
 * What follows from a factor that was added: this session is proved by it, and the operator is told. With the first one there are
 * recovery codes, and other sessions end, so that none is left that nothing proved.
 */
async function afterAdding(
  tx: Tx,
  caller: Caller<SignedInOperator>,
  { holder, email, factors }: FactorHolder,
  method: 'totp' | 'passkey',
  at: Date,
): Promise<Added> {
  const { sessionId } = caller.actor
  const isFirst = methodsOf(factors).length === 0
  const [codes] = await Promise.all([
    isFirst ? replaceRecoveryCodes(tx, holder, at) : null,
    isFirst ? endOtherSessions(tx, holder.id, sessionId, at) : undefined,
    sessionId === null
      ? undefined
      : tx.updateTable('operator_sessions').set({ proved_by: method }).where('id', '=', sessionId).execute(),
    audit(tx, caller, { action: 'operator.factor-added', details: { method } }, at),
    mailChange(tx, { email, change: 'added' }, at),
  ])
  return { id: null, codes }
}
