import type { Tx } from '../db/transaction.ts'
import { factorsOf, methodsOf } from './factorsOf.ts'
import { columnOf, type Holder } from './holder.ts'
import { removeFactors } from './removeFactors.ts'

/**
 * Takes away what a holder got since a time: authenticator apps, passkeys and recovery codes, with offers that are out. Where no
 * factor is left, so are none of the codes from before. Says how many factors went.
 */
export async function removeFactorsSince(tx: Tx, holder: Holder, since: Date): Promise<number> {
  const column = columnOf(holder)
  const [apps, passkeys] = await Promise.all([
    tx
      .deleteFrom('factor_totp')
      .where(column, '=', holder.id)
      .where('confirmed_at', '>=', since)
      .returning('id')
      .execute(),
    tx
      .deleteFrom('factor_passkeys')
      .where(column, '=', holder.id)
      .where('created_at', '>=', since)
      .returning('id')
      .execute(),
    tx.deleteFrom('factor_totp').where(column, '=', holder.id).where('confirmed_at', 'is', null).execute(),
    tx.deleteFrom('factor_passkey_challenges').where(column, '=', holder.id).execute(),
    tx
      .deleteFrom('factor_recovery_codes')
      .where(column, '=', holder.id)
      .where('made_at', '>=', since)
      .execute(),
  ])
  if (methodsOf(await factorsOf(tx, holder)).length === 0) await removeFactors(tx, holder)
  return apps.length + passkeys.length
}
