import { SignJWT, UnsecuredJWT } from 'jose'
import type { TokenFault } from './faults.ts'
import type { Claims, Persona } from './persona.ts'
import { makeKey, type SigningKey } from './signingKeys.ts'

const HOUR = 3600

interface Writing<Person extends object> {
  persona: Persona<Person>
  keys: SigningKey[]
  nonce: string | undefined
  fault: TokenFault | undefined
}

/**
 * The ID token as the provider itself would write it, or one with a fault. It is of real time: what checks it knows
 * no other.
 */
export async function writeIdToken<Person extends object>(
  person: Person,
  { persona, keys, nonce, fault }: Writing<Person>,
): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000)
  const claims = {
    ...persona.claimsOf(person, { nonce, issuedAt }),
    ...faultyClaims(fault, persona.otherIssuer, issuedAt),
  }
  if (fault === 'unsigned') return new UnsecuredJWT(claims).encode()
  const kid = fault === 'foreign-key' ? persona.foreignSigner : persona.signerOf(person)
  const key = fault === 'foreign-signature' ? await makeKey({ kid }) : keys.find((each) => each.kid === kid)
  if (!key) throw new Error(`There is no key ${kid}`)
  return new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid }).sign(key.privateKey)
}

function faultyClaims(fault: TokenFault | undefined, otherIssuer: string, issuedAt: number): Claims {
  switch (fault) {
    case 'wrong-issuer':
      return { iss: otherIssuer }
    case 'wrong-nonce':
      return { nonce: 'of-another-sign-in' }
    case 'wrong-audience':
      return { aud: 'another-client' }
    case 'expired':
      return { iat: issuedAt - 2 * HOUR, exp: issuedAt - HOUR }
    default:
      return {}
  }
}
