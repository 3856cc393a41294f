import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { KeyName } from './persona.ts'

const ALGORITHM = 'RS256'

/** A pair of keys under a name. */
export interface SigningKey {
  kid: string
  privateKey: CryptoKey
  privateJwk: JWK
  /** As it is published. */
  publicJwk: JWK
}

/** Makes the keys of a provider. */
export function makeKeys(names: readonly KeyName[]): Promise<SigningKey[]> {
  return Promise.all(names.map(makeKey))
}

/** Makes one key, which takes a good part of a second. */
export async function makeKey({ kid, issuer }: KeyName): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const named = { kid, use: 'sig', alg: ALGORITHM }
  return {
    kid,
    privateKey,
    privateJwk: { ...(await exportJWK(privateKey)), ...named },
    publicJwk: { ...(await exportJWK(publicKey)), ...named, ...(issuer !== undefined && { issuer }) },
  }
}
