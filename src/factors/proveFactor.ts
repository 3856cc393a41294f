import type { App } from '../app.ts'
import type { Tx } from '../db/transaction.ts'
import type { FactorMethod } from './factorsOf.ts'
import type { Proof } from './fields.ts'
import type { Holder } from './holder.ts'
import { takePasskey } from './passkeys/takePasskey.ts'
import { takeRecoveryCode } from './recoveryCodes/takeRecoveryCode.ts'
import { takeTotpCode } from './totp/takeTotpCode.ts'

/**
 * Takes what a holder proves a factor with, and says which it was; null where it proves nothing. Whatever is taken is used up:
 * of parallel calls with the same proof one succeeds. Counting failures and noting them is for the caller.
 */
export async function proveFactor(
  tx: Tx,
  app: Pick<App, 'config'>,
  holder: Holder,
  proof: Proof,
  at: Date,
): Promise<FactorMethod | null> {
  if ('code' in proof) return (await takeTotpCode(tx, app, holder, proof.code, at)) ? 'totp' : null
  if ('passkey' in proof) return (await takePasskey(tx, app, holder, proof.passkey, at)) ? 'passkey' : null
  return (await takeRecoveryCode(tx, holder, proof.recovery_code, at)) ? 'recovery-code' : null
}
