import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { columnOf, type Holder } from '../holder.ts'
import { stepOf, unsealSecret } from './sealedSecret.ts'

/**
 * Whether a code is one of the holder's authenticator app and has not been used, nor has a later one (RFC 6238, 5.2: a code is
 * accepted once). It is used up by that.
 */
export async function takeTotpCode(
  tx: Tx,
  app: Pick<App, 'config'>,
  holder: Holder,
  code: string,
  at: Date,
): Promise<boolean> {
  const totp = await tx
    .selectFrom('factor_totp')
    .select(['id', 'sealed_secret'])
    .where(columnOf(holder), '=', holder.id)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst()
  const step = totp && stepOf(unsealSecret(app, totp.id, totp.sealed_secret), code, at)
  if (!totp || step == null) return false
  const used = await tx
    .updateTable('factor_totp')
    .set({ last_step: step })
    .where('id', '=', totp.id)
    .where('last_step', '<', step)
    .returning('id')
    .executeTakeFirst()
  return used !== undefined
}
