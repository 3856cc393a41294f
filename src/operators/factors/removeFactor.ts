import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import { factorsOf, methodsOf } from '../../factors/factorsOf.ts'
import { removePasskey } from '../../factors/passkeys/removePasskey.ts'
import { removeFactors } from '../../factors/removeFactors.ts'
import { removeTotp } from '../../factors/totp/removeTotp.ts'
import type { Caller, SignedInOperator } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { holdForFactors } from './holdForFactors.ts'
import { mailChange } from './mailChange.ts'

/** Which factor goes. */
export type Removed = { kind: 'totp' } | { kind: 'passkey'; id: string }

/** Takes a factor of the caller's away; the last one, with the recovery codes, only where operators need none. */
export async function removeFactor(
  tx: Tx,
  { config }: Pick<App, 'config'>,
  caller: Caller<SignedInOperator>,
  which: Removed,
  at: Date,
): Promise<void> {
  const { holder, email } = await holdForFactors(tx, caller, at)
  const isGone =
    which.kind === 'totp' ? await removeTotp(tx, holder) : await removePasskey(tx, holder, which.id)
  if (!isGone) throw problem('not-found')
  const isLast = methodsOf(await factorsOf(tx, holder)).length === 0
  if (isLast && config.operatorsNeedSecondFactor) {
    const detail = 'Operators need a second factor here, and this is your last one: add another one first.'
    throw problem('last-second-factor', { accounts: [] }, { detail })
  }
  await Promise.all([
    isLast ? removeFactors(tx, holder) : undefined,
    audit(tx, caller, { action: 'operator.factor-removed', details: { method: which.kind } }, at),
    mailChange(tx, { email, change: 'removed' }, at),
  ])
}
