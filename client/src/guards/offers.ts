const PATIENCE_MS = 3_000
const REMEMBERED_MS = 300_000
const FAILED_FOR_MS = 5_000

/** A plan as GET /v1/plans shows it. */
export interface PublicPlan {
  plan: string
  features: Record<string, boolean>
  /** A number is a level, an object is a rate; null is unlimited. */
  limits: Record<string, number | null | { per: string; amount: number | null }>
}

/** What is for sale and where, for the words of a refusal. */
export interface Offer {
  /** From the lowest to the highest; null where the service does not answer. */
  plans: PublicPlan[] | null
  upgradeUrl: string
}

/** What is for sale, asked for when the first refusal needs it, and then remembered for a few minutes. */
export class Offers {
  readonly #url: string
  readonly #fetch: typeof fetch
  readonly #now: () => number
  readonly #known = new Map<string, boolean>()
  #offer: Offer | null = null
  #goodUntil = Number.NEGATIVE_INFINITY
  #reading: Promise<Offer> | null = null

  constructor(options: { url: string; fetch: typeof fetch; now: () => number }) {
    this.#url = options.url
    this.#fetch = options.fetch
    this.#now = options.now
  }

  /** What is known without asking. */
  remembered(): Offer | null {
    return this.#now() < this.#goodUntil ? this.#offer : null
  }

  /** Never rejects: what cannot be learned is null, or the usual address. */
  read(): Promise<Offer> {
    const offer = this.remembered()
    if (offer) return Promise.resolve(offer)
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  /** Whether there is a plan that is not shown to the public, which the service alone knows; taken for true where it does not say. */
  async isHiddenPlan(plan: string, token: string): Promise<boolean> {
    const known = this.#known.get(plan)
    if (known !== undefined) return known
    const query = new URLSearchParams({ require: `plan:${plan}` })
    const headers = { authorization: `Bearer ${token}` }
    const status = await this.#ask(`/v1/forward-auth?${query}`, headers).then(
      (reply) => reply.status,
      () => null,
    )
    if (status !== 422 && status !== 200 && status !== 402) return true
    this.#known.set(plan, status !== 422)
    return status !== 422
  }

  /** Has the next refusal ask anew. */
  forget(): void {
    this.#goodUntil = Number.NEGATIVE_INFINITY
    this.#known.clear()
  }

  async #read(): Promise<Offer> {
    const [plans, config] = await Promise.all([
      this.#json<{ data: PublicPlan[] }>('/v1/plans'),
      this.#json<{ upgrade_url?: string }>('/v1/config'),
    ])
    this.#offer = { plans: plans?.data ?? null, upgradeUrl: config?.upgrade_url ?? `${this.#url}/billing` }
    this.#goodUntil = this.#now() + (plans && config ? REMEMBERED_MS : FAILED_FOR_MS)
    return this.#offer
  }

  async #json<T>(path: string): Promise<T | null> {
    try {
      const reply = await this.#ask(path)
      return reply.ok ? ((await reply.json()) as T) : null
    } catch {
      return null
    }
  }

  #ask(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#fetch(this.#url + path, { headers, signal: AbortSignal.timeout(PATIENCE_MS) })
  }
}
