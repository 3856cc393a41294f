import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server'
import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { columnOf, type Holder } from '../holder.ts'
import { keepChallenge } from './challenges.ts'
import { refuseTooMany } from './refuseTooMany.ts'
import { algorithms, siteOf } from './site.ts'

/** What a browser makes a passkey from, good for ten minutes and one answer; one that is there is not made again. */
export async function offerPasskey(
  tx: Tx,
  app: Pick<App, 'config'>,
  holder: Holder,
  { label, displayName }: { label: string; displayName: string },
  at: Date,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  await refuseTooMany(tx, holder)
  const { generateRegistrationOptions } = await import('@simplewebauthn/server')
  const held = await tx
    .selectFrom('factor_passkeys')
    .select(['credential_id as id', 'transports'])
    .where(columnOf(holder), '=', holder.id)
    .execute()
  const { rpId, name } = siteOf(app)
  const options = await generateRegistrationOptions({
    rpName: name,
    rpID: rpId,
    userID: Uint8Array.from(Buffer.from(holder.id.replaceAll('-', ''), 'hex')),
    userName: label,
    userDisplayName: displayName,
    excludeCredentials: held,
    supportedAlgorithmIDs: algorithms,
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
  })
  await keepChallenge(tx, holder, { purpose: 'add', challenge: options.challenge }, at)
  return options
}
