import type { RegistrationResponseJSON } from '@simplewebauthn/server'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { type Holder, namedIn } from '../holder.ts'
import { spendChallenge } from './challenges.ts'
import { refuseTooMany } from './refuseTooMany.ts'
import { algorithms, siteOf } from './site.ts'

/** How a browser may reach an authenticator (WebAuthn Level 3, 5.8.4); whatever else it is told is not kept. */
const knownTransports = new Set(['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal', 'cable'])

/**
 * Adds the passkey that a browser made from an offer; null where it answers none, or is somebody's already. The holder is locked, so that
 * there are never too many.
 */
export async function addPasskey(
  tx: Tx,
  app: Pick<App, 'config'>,
  holder: Holder,
  { name, response }: { name: string; response: RegistrationResponseJSON },
  at: Date,
): Promise<{ id: string } | null> {
  await refuseTooMany(tx, holder)
  const { clientDataJSON } = response.response
  const challenge = await spendChallenge(tx, holder, { purpose: 'add', clientDataJSON }, at)
  const made = challenge === null ? null : await verified(app, response, challenge)
  if (!made) return null
  const added = await tx
    .insertInto('factor_passkeys')
    .values({
      id: uuidv7(),
      ...namedIn(holder),
      credential_id: made.id,
      public_key: Buffer.from(made.publicKey),
      counter: made.counter,
      transports: (made.transports ?? []).filter((transport) => knownTransports.has(transport)),
      name,
      created_at: at,
    })
    .onConflict((conflict) => conflict.column('credential_id').doNothing())
    .returning('id')
    .executeTakeFirst()
  return added ?? null
}

/** Whoever signs it is the browser that was asked, for a page of ours; the library throws for everything else. */
async function verified(app: Pick<App, 'config'>, response: RegistrationResponseJSON, challenge: string) {
  if (!(await isWithoutCertificate(response))) return null
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  const { origin, rpId } = siteOf(app)
  const verdict = await verifyRegistrationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    supportedAlgorithmIDs: algorithms,
    requireUserVerification: false,
  }).catch(() => null)
  return verdict?.registrationInfo?.credential ?? null
}

/**
 * Whether nobody but the key itself vouches for it. Who made it is not asked for (`attestation: 'none'`), and checking what a maker
 * signed asks the servers that its certificates name: whoever adds a key would choose whom we call.
 */
async function isWithoutCertificate({ response }: RegistrationResponseJSON): Promise<boolean> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  try {
    const attestation = decodeAttestationObject(
      Uint8Array.from(Buffer.from(response.attestationObject, 'base64url')),
    )
    const format = attestation.get('fmt')
    return format === 'none' || (format === 'packed' && attestation.get('attStmt').get('x5c') === undefined)
  } catch {
    return false
  }
}
