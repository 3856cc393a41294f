import { compactVerify, decodeProtectedHeader } from 'jose'
import { type Claims, readClaims } from './claims.ts'
import type { KeySet } from './keySet.ts'
import { Recent } from './recent.ts'
import { type Standing, standingOfClaims } from './rules.ts'

const REMEMBERED = 10_000
const LONGEST_TOKEN = 4096

/** A token whose signature fits. Whether it is in time is another question, asked each time it comes. */
export interface VerifiedToken {
  readonly authorization: string
  readonly token: string
  readonly claims: Claims
  /** What it says of its bearer; null for one who is in no account. */
  readonly standing: Standing | null
}

/** Access tokens, each verified once and remembered while it is used. */
export class Tokens {
  readonly #keys: KeySet
  readonly #expected: { issuer: string; audience: string }
  readonly #known: Recent<VerifiedToken>
  readonly #verifying = new Map<string, Promise<VerifiedToken | null>>()

  constructor(
    keys: KeySet,
    expected: { issuer: string; audience: string },
    onForgotten: (token: VerifiedToken) => void,
  ) {
    this.#keys = keys
    this.#expected = expected
    this.#known = new Recent(REMEMBERED, onForgotten)
  }

  /** One that has been verified, by the whole header that it came in. */
  remembered(authorization: string): VerifiedToken | undefined {
    const known = this.#known.get(endOf(authorization))
    return known?.authorization === authorization ? known : undefined
  }

  /**
   * Verifies what an `Authorization` header carries: null for what is no token of ours. All who come with the same one
   * wait for one verification. Rejects when there are no keys and the service does not answer.
   */
  verify(authorization: string): Promise<VerifiedToken | null> {
    const running = this.#verifying.get(authorization)
    if (running) return running
    const verifying = this.#verify(authorization).finally(() => this.#verifying.delete(authorization))
    this.#verifying.set(authorization, verifying)
    return verifying
  }

  forget({ authorization }: VerifiedToken): void {
    this.#known.delete(endOf(authorization))
  }

  async #verify(authorization: string): Promise<VerifiedToken | null> {
    const token = tokenOf(authorization)
    const kid = token && kidOf(token)
    if (!kid) return null
    const key = await this.#keys.find(kid)
    if (!key) return null
    const payload = await compactVerify(token, key, { algorithms: ['EdDSA'] }).then(
      (verified) => verified.payload,
      () => null,
    )
    const claims = payload && readPayload(payload, this.#expected)
    if (!claims) return null
    const verified = { authorization, token, claims, standing: standingOfClaims(claims, token) }
    this.#known.set(endOf(authorization), verified)
    return verified
  }
}

/**
 * Half of a signature finds a token, and comparing it says that it is the one: working out where in a map all the 800
 * characters belong takes 1.4 µs for each new request, which is ten times what the rest does.
 */
const endOf = (authorization: string) => authorization.slice(-43)

/** Whether a header offers a bearer token at all, good or not. */
export function isBearer(authorization: string | undefined): authorization is string {
  return authorization !== undefined && /^bearer( |$)/i.test(authorization)
}

function tokenOf(authorization: string): string | null {
  if (authorization.length > LONGEST_TOKEN + 'Bearer '.length) return null
  const [, token, ...more] = authorization.split(' ')
  return token && more.length === 0 ? token : null
}

function kidOf(token: string): string | null {
  try {
    const { alg, typ, kid } = decodeProtectedHeader(token)
    return alg === 'EdDSA' && typ === 'at+jwt' && typeof kid === 'string' ? kid : null
  } catch {
    return null
  }
}

function readPayload(payload: Uint8Array, expected: { issuer: string; audience: string }): Claims | null {
  try {
    const claims: unknown = JSON.parse(new TextDecoder().decode(payload))
    return typeof claims === 'object' && claims !== null
      ? readClaims(claims as Record<string, unknown>, expected)
      : null
  } catch {
    return null
  }
}
