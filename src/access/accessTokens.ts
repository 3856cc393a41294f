import { createSigner, createVerifier } from 'fast-jwt'
import { LRUCache } from 'lru-cache'
import type { App } from '../app.ts'
import { operatorAudience } from '../config.ts'
import type { Source } from '../entitlements/facts.ts'
import type { Role } from '../http/actor.ts'
import type { SubscriptionReason } from '../problems.ts'
import { loadSigningKeys, type SigningKey } from './signingKeys.ts'

/** Ten minutes: what a product that decides offline may be behind. */
export const ACCESS_TOKEN_SECONDS = 600
const CLOCK_SKEW_SECONDS = 60
const RELOAD_EVERY_MS = 30_000
const RELOAD_AT_MOST_EVERY_MS = 1_000
const LONGEST_TOKEN = 4096
const REMEMBERED_TOKENS = 20_000

/** What an access token says of a user; products rely on these names. */
export interface UserClaims {
  sub: string
  sid: string
  account_id: string | null
  role: Role | null
  email_verified: boolean
  /** RFC 3339; null for who is verified. */
  verification_grace_ends_at: string | null
  ent: EntitlementClaim | null
  /** How the bearer proved who they are, in the words of RFC 8176. */
  amr?: string[]
  /** There where the account asks for a second factor that has not proved the session: then `role` and `ent` are null. */
  needs_second_factor?: true
}

/** What the account may do, for a product that decides without asking. */
export interface EntitlementClaim {
  plan: string
  source: Source | null
  /** RFC 3339: from then on the plan is free, and the source says why; null is open-ended. */
  until: string | null
  /** Why there is nothing but free; null where a plan is granted. */
  reason: SubscriptionReason | null
  /** The plan and every lower one, and the features that are on. Both are left out where they would make the token long. */
  opens?: string[]
  features?: string[]
}

export interface OperatorClaims {
  sub: string
  /** Missing where the command line printed the token. */
  sid?: string
}

export type VerifiedToken =
  | { kind: 'user'; claims: UserClaims; exp: number }
  | { kind: 'operator'; claims: OperatorClaims; exp: number }

interface ReadyKey extends SigningKey {
  sign: (claims: object) => string
  verify: (token: string) => Record<string, unknown>
}

/**
 * Makes and checks access tokens (JWT, EdDSA, RFC 9068's `at+jwt`). Signing and checking are synchronous on
 * purpose: WebCrypto would queue behind password hashes in libuv's threads. A token is checked once and then
 * remembered until it expires.
 */
export class AccessTokens {
  readonly #app: App
  readonly #operatorAudience: string
  readonly #verified = new LRUCache<string, VerifiedToken>({ max: REMEMBERED_TOKENS })
  #keys: ReadyKey[] = []
  #loadedAt = Number.NEGATIVE_INFINITY
  #loading: Promise<void> | undefined

  constructor(app: App) {
    this.#app = app
    this.#operatorAudience = operatorAudience(app.config)
  }

  /** Signs a token for a user. */
  async issue(claims: UserClaims, at: Date): Promise<string> {
    return this.#sign({ ...claims, aud: this.#app.config.tokenAudience }, at)
  }

  /** Signs a token for an operator: one of a session ends with it, one that was printed has none. */
  async issueToOperator(operatorId: string, at: Date, sessionId?: string): Promise<string> {
    return this.#sign({ sub: operatorId, sid: sessionId, aud: this.#operatorAudience }, at)
  }

  /** What a token says, or null for one that is malformed, foreign or expired. */
  async verify(token: string, at: Date): Promise<VerifiedToken | null> {
    const verified = this.#verified.get(token)
    if (verified) return isUnexpired(verified, at) ? verified : null
    const kid = kidOf(token)
    if (!kid) return null
    await this.#reload(RELOAD_EVERY_MS)
    if (!this.#keyOf(kid, at)) await this.#reload(RELOAD_AT_MOST_EVERY_MS)
    return this.#verifyFirst(token, kid, at)
  }

  /** The same, as far as it can be told from what is in memory: null too where it cannot. */
  verifyFromMemory(token: string, at: Date): VerifiedToken | null {
    const verified = this.#verified.get(token)
    if (verified) return isUnexpired(verified, at) ? verified : null
    const kid = this.#isLoadedWithin(RELOAD_EVERY_MS) ? kidOf(token) : null
    return kid === null ? null : this.#verifyFirst(token, kid, at)
  }

  /** The public keys, for /.well-known/jwks.json: those that sign, will sign, or have signed what is still alive. */
  async publicKeys(at: Date): Promise<object[]> {
    await this.#reload(RELOAD_AT_MOST_EVERY_MS)
    return this.#accepted(at).map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: 'EdDSA', use: 'sig' }))
  }

  async #sign(claims: object, at: Date): Promise<string> {
    await this.#reload(RELOAD_EVERY_MS)
    const key = this.#keys.find(({ signsFrom }) => signsFrom <= at) ?? this.#keys.at(-1)
    if (!key) throw new Error('There is no signing key: run `frontgate migrate`')
    const iat = Math.floor(at.getTime() / 1000)
    return key.sign({ iss: this.#app.config.publicUrl, iat, exp: iat + ACCESS_TOKEN_SECONDS, ...claims })
  }

  #verifyFirst(token: string, kid: string, at: Date): VerifiedToken | null {
    const key = this.#keyOf(kid, at)
    const verified = key && this.#check(key, token)
    if (!verified || !isAlive(verified, at)) return null
    this.#verified.set(token, verified)
    return verified
  }

  #keyOf(kid: string, at: Date): ReadyKey | undefined {
    return this.#accepted(at).find((key) => key.kid === kid)
  }

  #check(key: ReadyKey, token: string): VerifiedToken | null {
    try {
      const claims = key.verify(token)
      const exp = claims.exp as number
      return claims.aud === this.#operatorAudience
        ? { kind: 'operator', claims: claims as unknown as OperatorClaims, exp }
        : { kind: 'user', claims: claims as unknown as UserClaims, exp }
    } catch {
      return null
    }
  }

  /** A key is accepted until the last token it can have signed has expired. */
  #accepted(at: Date): ReadyKey[] {
    const alive = at.getTime() - (ACCESS_TOKEN_SECONDS + CLOCK_SKEW_SECONDS) * 1000
    return this.#keys.filter((_key, i) => {
      const successor = this.#keys[i - 1]
      return !successor || successor.signsFrom.getTime() > alive
    })
  }

  #isLoadedWithin(ms: number): boolean {
    return performance.now() - this.#loadedAt < ms
  }

  /** All who need keys at once wait for one read; a read that failed counts for nothing. */
  async #reload(olderThanMs: number): Promise<void> {
    if (this.#isLoadedWithin(olderThanMs)) return
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    await this.#loading
  }

  async #load(): Promise<void> {
    const began = performance.now()
    const { db, config } = this.#app
    const known = new Map(this.#keys.map((key) => [key.kid, key]))
    this.#keys = (await loadSigningKeys(db, config.secrets)).map(
      (key) => known.get(key.kid) ?? this.#ready(key),
    )
    this.#loadedAt = began
  }

  #ready(key: SigningKey): ReadyKey {
    const { config } = this.#app
    let sign: ReadyKey['sign'] | undefined
    return {
      ...key,
      sign(claims) {
        sign ??= createSigner({
          key: key.openPrivateKey().export({ format: 'pem', type: 'pkcs8' }),
          algorithm: 'EdDSA',
          kid: key.kid,
          header: { alg: 'EdDSA', typ: 'at+jwt' },
        })
        return sign(claims)
      },
      verify: createVerifier({
        key: key.publicKey.export({ format: 'pem', type: 'spki' }),
        algorithms: ['EdDSA'],
        checkTyp: 'at+jwt',
        allowedIss: config.publicUrl,
        allowedAud: [config.tokenAudience, this.#operatorAudience],
        requiredClaims: ['sub', 'exp', 'aud', 'iss'],
        // Expiry is checked here against the app's clock, which the library cannot be given.
        ignoreExpiration: true,
        cache: false,
      }),
    }
  }
}

const isUnexpired = ({ exp }: VerifiedToken, at: Date) => exp * 1000 > at.getTime()

/** One that says it lives longer than we let any was not made here, whoever has the key: it must not outlast a rotation. */
function isAlive({ exp }: VerifiedToken, at: Date): boolean {
  const now = at.getTime() / 1000
  return exp > now && exp <= now + ACCESS_TOKEN_SECONDS + CLOCK_SKEW_SECONDS
}

function kidOf(token: string): string | null {
  if (token.length > LONGEST_TOKEN) return null
  try {
    const header: unknown = JSON.parse(
      Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString(),
    )
    const kid = (header as { kid?: unknown } | null)?.kid
    return typeof kid === 'string' ? kid : null
  } catch {
    return null
  }
}
