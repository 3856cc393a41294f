import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import { methodsOf } from '../../factors/factorsOf.ts'
import { replaceRecoveryCodes } from '../../factors/recoveryCodes/replaceRecoveryCodes.ts'
import type { Caller, UserActor } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { notifyUser } from '../notifyUser.ts'
import { lockForFactors } from './lockForFactors.ts'

/** Ten new recovery codes for the caller, who has a factor; those before open nothing any more. */
export async function renewRecoveryCodes(
  tx: Tx,
  app: App,
  caller: Caller<UserActor>,
  at: Date,
): Promise<string[]> {
  const { user, holder, factors } = await lockForFactors(tx, app, caller, at)
  if (methodsOf(factors).length === 0) throw problem('no-second-factor')
  const [codes] = await Promise.all([
    replaceRecoveryCodes(tx, holder, at),
    audit(tx, caller, { action: 'recovery-codes.made', userId: user.id }, at),
    notifyUser(tx, user, { template: 'recovery-codes-made', fill: {}, path: '/security' }, at),
  ])
  return codes
}
