import { compactVerify, decodeProtectedHeader } from 'jose'
import { type Claims, readClaims, whyForeign } from './claims.ts'
import type { Log } from './gate.ts'
import type { KeySet } from './keySet.ts'
import { Recent } from './recent.ts'
import { type Standing, standingOfClaims } from './rules.ts'

const REMEMBERED = 10_000
const EVERYDAY_MS = 3_600_000
const LONGEST_TOKEN = 4096
const COMPLAIN_EVERY_MS = 60_000

/** A token whose signature fits. Whether it is in time is another question, asked each time it comes. */
export interface VerifiedToken {
  /** The header that it first came in. */
  readonly authorization: string
  readonly token: string
  readonly claims: Claims
  /** What it says of its bearer; null for one who is in no account, or has to prove a second factor. */
  readonly standing: Standing | null
}

/** Access tokens, each verified once and remembered while it is used. */
export class Tokens {
  readonly #keys: KeySet
  readonly #expected: { issuer: string; audience: string }
  readonly #now: () => number
  readonly #log: Log
  readonly #known: Recent<VerifiedToken>
  readonly #verifying = new Map<string, Promise<VerifiedToken | null>>()
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(
    keys: KeySet,
    options: { issuer: string; audience: string; now: () => number; log: Log },
    onForgotten: (token: VerifiedToken) => void,
  ) {
    this.#keys = keys
    this.#expected = options
    this.#now = options.now
    this.#log = options.log
    this.#known = new Recent(REMEMBERED, onForgotten)
  }

  /** One that has been verified, by the header that it comes in, however that spells the scheme. */
  remembered(authorization: string): VerifiedToken | undefined {
    const known = this.#known.get(endOf(authorization))
    if (known === undefined || known.authorization === authorization) return known
    return isBearer(authorization) && tokenOf(authorization) === known.token ? known : undefined
  }

  /**
   * Verifies what an `Authorization` header carries: null for what is no token of ours. All who come with the same one
   * wait for one verification. Rejects when there are no keys and the service does not answer.
   */
  verify(authorization: string): Promise<VerifiedToken | null> {
    const token = tokenOf(authorization)
    if (token === null) return Promise.resolve(null)
    const running = this.#verifying.get(token)
    if (running) return running
    const verifying = this.#verify(authorization, token).finally(() => this.#verifying.delete(token))
    this.#verifying.set(token, verifying)
    return verifying
  }

  /** Forgets one that is not in time at an instant, by whatever clock that was asked. */
  dropOutdated({ token, claims }: VerifiedToken, at: number): void {
    this.#known.delete(endOf(token))
    const late = at - claims.exp * 1000
    // That tokens expire is nothing to tell of; one from long ago, or from the future, says that a clock is off.
    if (late >= 0 && late < EVERYDAY_MS) return
    const [ends, now] = [claims.exp * 1000, at].map((ms) => new Date(ms).toISOString())
    this.#complain(`it lives until ${ends}, ten minutes from its issue, and here it is ${now}`)
  }

  async #verify(authorization: string, token: string): Promise<VerifiedToken | null> {
    const kid = kidOf(token)
    if (!kid) return null
    const key = await this.#keys.find(kid)
    if (!key) return null
    const payload = await compactVerify(token, key, { algorithms: ['EdDSA'] }).then(
      (verified) => verified.payload,
      () => null,
    )
    const said = payload && readPayload(payload)
    if (!said) return null
    const foreign = whyForeign(said, this.#expected)
    if (foreign !== null) this.#complain(foreign)
    const claims = foreign === null ? readClaims(said) : null
    if (!claims) return null
    const verified = { authorization, token, claims, standing: standingOfClaims(claims, token) }
    this.#known.set(endOf(token), verified)
    return verified
  }

  /** A gate that is set up wrongly refuses everybody, and nothing in the refusals says why. */
  #complain(why: string): void {
    if (Math.abs(this.#now() - this.#complainedAt) < COMPLAIN_EVERY_MS) return
    this.#complainedAt = this.#now()
    this.#log('a token that the service signed is refused', { why })
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

function readPayload(payload: Uint8Array): Record<string, unknown> | null {
  try {
    const said: unknown = JSON.parse(new TextDecoder().decode(payload))
    return typeof said === 'object' ? (said as Record<string, unknown> | null) : null
  } catch {
    return null
  }
}
