import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { columnOf, type Holder } from '../holder.ts'
import { stepOf, unsealSecret } from './sealedSecret.ts'

const HOUR = 3_600_000

/**
 * Puts the secret that was offered in the last hour in force, in place of the one before, if the code is one of it, and uses
 * that code up. False for a wrong code, and where nothing is offered.
 */
export async function confirmTotp(
  tx: Tx,
  app: Pick<App, 'config'>,
  holder: Holder,
  code: string,
  at: Date,
): Promise<boolean> {
  const offer = await tx
    .selectFrom('factor_totp')
    .select(['id', 'sealed_secret'])
    .where(columnOf(holder), '=', holder.id)
    .where('confirmed_at', 'is', null)
    .where('offered_at', '>', new Date(at.getTime() - HOUR))
    .forUpdate()
    .executeTakeFirst()
  const step = offer && stepOf(unsealSecret(app, offer.id, offer.sealed_secret), code, at)
  if (!offer || step == null) return false
  await Promise.all([
    tx
      .deleteFrom('factor_totp')
      .where(columnOf(holder), '=', holder.id)
      .where('confirmed_at', 'is not', null)
      .execute(),
    tx
      .updateTable('factor_totp')
      .set({ confirmed_at: at, last_step: step })
      .where('id', '=', offer.id)
      .execute(),
  ])
  return true
}
