import type { AuthenticationResponseJSON, WebAuthnCredential } from '@simplewebauthn/server'
import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { columnOf, type Holder } from '../holder.ts'
import { spendChallenge } from './challenges.ts'
import { siteOf } from './site.ts'

/** Whether a passkey of the holder's answered what it was asked; the challenge is used up by that, also by a wrong answer. */
export async function takePasskey(
  tx: Tx,
  app: Pick<App, 'config'>,
  holder: Holder,
  response: AuthenticationResponseJSON,
  at: Date,
): Promise<boolean> {
  const { clientDataJSON } = response.response
  const challenge = await spendChallenge(tx, holder, { purpose: 'prove', clientDataJSON }, at)
  if (challenge === null) return false
  // Locked, so that a counter is compared with the last one.
  const passkey = await tx
    .selectFrom('factor_passkeys')
    .select(['id', 'credential_id', 'public_key', 'counter'])
    .where('credential_id', '=', response.id)
    .where(columnOf(holder), '=', holder.id)
    .forUpdate()
    .executeTakeFirst()
  if (!passkey) return false
  const { credential_id, public_key, counter } = passkey
  const credential = { id: credential_id, publicKey: Uint8Array.from(public_key), counter }
  const newCounter = await verifiedCounter(app, response, { challenge, credential })
  if (newCounter === null) return false
  await tx
    .updateTable('factor_passkeys')
    .set({ counter: newCounter, last_used_at: at })
    .where('id', '=', passkey.id)
    .execute()
  return true
}

/** The library throws for a wrong signature, another origin, and a counter that has not grown, as a copied key's would not. */
async function verifiedCounter(
  app: Pick<App, 'config'>,
  response: AuthenticationResponseJSON,
  { challenge, credential }: { challenge: string; credential: WebAuthnCredential },
): Promise<number | null> {
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  const { origin, rpId } = siteOf(app)
  const verdict = await verifyAuthenticationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    credential,
    requireUserVerification: false,
  }).catch(() => null)
  return verdict?.verified ? verdict.authenticationInfo.newCounter : null
}
