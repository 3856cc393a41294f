import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import { methodsOf } from '../../factors/factorsOf.ts'
import { replaceRecoveryCodes } from '../../factors/recoveryCodes/replaceRecoveryCodes.ts'
import type { Caller, SignedInOperator } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { holdForFactors } from './holdForFactors.ts'

/** New recovery codes of the caller's, in place of those before. */
export async function renewRecoveryCodes(
  tx: Tx,
  caller: Caller<SignedInOperator>,
  at: Date,
): Promise<string[]> {
  const { holder, factors } = await holdForFactors(tx, caller, at)
  if (methodsOf(factors).length === 0) throw problem('no-second-factor')
  const [codes] = await Promise.all([
    replaceRecoveryCodes(tx, holder, at),
    audit(tx, caller, { action: 'operator.recovery-codes-renewed' }, at),
  ])
  return codes
}
