import { type CryptoKey, importJWK, type JWK } from 'jose'

const ASK_AGAIN_AFTER_MS = 10_000
const FRESH_MS = 300_000
const PATIENCE_MS = 3_000

/**
 * The keys that access tokens are signed with, as the service publishes them. They are fetched once and then kept for as
 * long as the process lives, however long the service is down: a known key goes on verifying until an answer of the
 * service no longer lists it. What `Cache-Control` says only makes them be looked at again in the background.
 */
export class KeySet {
  readonly #url: string
  readonly #fetch: typeof fetch
  readonly #now: () => number
  #keys: Map<string, CryptoKey> | null = null
  #fetching: Promise<void> | null = null
  #staleAt = Number.NEGATIVE_INFINITY
  #askedForUnknownAt = Number.NEGATIVE_INFINITY

  constructor(options: { url: string; fetch: typeof fetch; now: () => number }) {
    this.#url = `${options.url}/.well-known/jwks.json`
    this.#fetch = options.fetch
    this.#now = options.now
  }

  /** Fetches the keys where there are none; rejects when the service does not answer. */
  async ready(): Promise<void> {
    if (!this.#keys) await this.#refresh()
  }

  /**
   * The key with an id, or null. One that is not known is asked for, for all together once in ten seconds; rejects when
   * there are no keys at all.
   */
  async find(kid: string): Promise<CryptoKey | null> {
    await this.ready()
    const known = this.#keys?.get(kid)
    if (known) {
      if (this.#now() >= this.#staleAt) void this.#refresh().catch(() => {})
      return known
    }
    if (!this.#fetching) {
      if (Math.abs(this.#now() - this.#askedForUnknownAt) < ASK_AGAIN_AFTER_MS) return null
      this.#askedForUnknownAt = this.#now()
    }
    // A set that cannot be fetched now leaves the known keys as they are.
    await this.#refresh().catch(() => {})
    return this.#keys?.get(kid) ?? null
  }

  #refresh(): Promise<void> {
    this.#fetching ??= this.#load().finally(() => {
      this.#fetching = null
    })
    return this.#fetching
  }

  async #load(): Promise<void> {
    // Also when it fails: one try for all that come meanwhile.
    this.#staleAt = this.#now() + ASK_AGAIN_AFTER_MS
    const reply = await this.#fetch(this.#url, { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (!reply.ok) throw new Error(`${this.#url} answered ${reply.status}`)
    const { keys } = (await reply.json()) as { keys: JWK[] }
    const imported = await Promise.all(keys.filter(isSigningKey).map(importKey))
    this.#keys = new Map(imported)
    this.#staleAt = this.#now() + freshFor(reply.headers.get('cache-control'))
  }
}

const isSigningKey = ({ kty, crv, kid, use = 'sig', alg = 'EdDSA' }: JWK): boolean =>
  kty === 'OKP' && crv === 'Ed25519' && typeof kid === 'string' && use === 'sig' && alg === 'EdDSA'

async function importKey(jwk: JWK): Promise<[string, CryptoKey]> {
  return [jwk.kid as string, (await importJWK(jwk, 'EdDSA')) as CryptoKey]
}

function freshFor(cacheControl: string | null): number {
  const seconds = /max-age=(\d+)/.exec(cacheControl ?? '')?.[1]
  return seconds === undefined ? FRESH_MS : Math.max(Number(seconds) * 1000, ASK_AGAIN_AFTER_MS)
}
