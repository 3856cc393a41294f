import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { columnOf, type Holder, namedIn } from '../holder.ts'
import { newSecret, sealSecret, totpOf } from './sealedSecret.ts'

/** What an authenticator app is set up with: the secret to type, in base32, and the same as an otpauth:// address to scan. */
export interface TotpOffer {
  secret: string
  uri: string
}

/**
 * Makes a secret that is in force once a code of it has been shown (`confirmTotp`), in place of an earlier offer. The label is what
 * the app shows beside the product's name.
 */
export async function offerTotp(
  tx: Tx,
  app: Pick<App, 'config'>,
  holder: Holder,
  label: string,
  at: Date,
): Promise<TotpOffer> {
  const [id, secret] = [uuidv7(), newSecret()]
  await Promise.all([
    tx
      .deleteFrom('factor_totp')
      .where(columnOf(holder), '=', holder.id)
      .where('confirmed_at', 'is', null)
      .execute(),
    tx
      .insertInto('factor_totp')
      .values({ id, ...namedIn(holder), sealed_secret: sealSecret(app, id, secret), offered_at: at })
      .execute(),
  ])
  // The label and the issuer are divided by a colon.
  const issuer = app.config.productName.replaceAll(':', ' ')
  return { secret: secret.base32, uri: totpOf(secret, { issuer, label }).toString() }
}
