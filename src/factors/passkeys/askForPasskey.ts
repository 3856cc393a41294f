import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server'
import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { columnOf, type Holder } from '../holder.ts'
import { keepChallenge } from './challenges.ts'
import { siteOf } from './site.ts'

/** What a browser asks one of the holder's passkeys with, good for ten minutes and one answer; null for whoever has none. */
export async function askForPasskey(
  tx: Tx,
  app: Pick<App, 'config'>,
  holder: Holder,
  at: Date,
): Promise<PublicKeyCredentialRequestOptionsJSON | null> {
  const held = await tx
    .selectFrom('factor_passkeys')
    .select(['credential_id as id', 'transports'])
    .where(columnOf(holder), '=', holder.id)
    .execute()
  if (held.length === 0) return null
  const { generateAuthenticationOptions } = await import('@simplewebauthn/server')
  const options = await generateAuthenticationOptions({
    rpID: siteOf(app).rpId,
    allowCredentials: held,
    userVerification: 'preferred',
  })
  await keepChallenge(tx, holder, { purpose: 'prove', challenge: options.challenge }, at)
  return options
}
