import type { Caller } from '../caller.ts'
import type { Log, Verdict } from '../gate.ts'
import type { Offers } from '../offers.ts'
import { type Refused, refusalIn, refuse, unavailable } from '../problems.ts'
import { passedBy } from '../rules.ts'

const PATIENCE_MS = 5_000
const AGAIN_AFTER_MS = [200, 1_000, 5_000]

/** So much of a limit that the catalogue names. */
export interface LimitOrder {
  limit: string
  /** A positive integer. */
  amount: number
}

/** The same under a key, under which it is counted once however often it is tried. */
export interface UsageOrder extends LimitOrder {
  /** 1 to 200 characters. */
  idempotencyKey: string
}

/** The reply of POST /v1/entitlements/check. */
interface Check {
  allowed: boolean
  reason: string
  plan: string
  limit?: number | null
  used?: number
  remaining?: number | null
  resets_at?: string | null
  upgrade?: { plan: string; url: string } | null
  /** Of consuming: whether that call counted, and not an earlier one with the same key. */
  counted?: boolean
}

type Answer = { status: 200; check: Check } | { status: 'refused'; refusal: Refused } | { status: 'unknown' }

/** What the service counts of limits: with the product's key where there is one, else in the caller's name. */
export class Usage {
  readonly #url: string
  readonly #fetch: typeof fetch
  readonly #productKey: string | null
  readonly #log: Log

  constructor(options: { url: string; fetch: typeof fetch; productKey: string | null; log: Log }) {
    this.#url = options.url
    this.#fetch = options.fetch
    this.#productKey = options.productKey
    this.#log = options.log
  }

  async check(caller: Caller, { limit, amount }: LimitOrder, offers: Offers): Promise<Verdict> {
    const answer = await this.#post('/v1/entitlements/check', caller, { limit, amount })
    if (answer.status === 'refused') return answer.refusal
    if (answer.status === 'unknown') return unavailable()
    const { check } = answer
    if (check.allowed) return passedBy('live', caller)
    if (check.reason === 'email-verification-required') return refuse(check.reason)
    const { upgrade = null } = check
    const upgrade_url = upgrade?.url ?? (await offers.read()).upgradeUrl
    return refuse('limit-reached', { ...check, upgrade, required_plan: upgrade?.plan ?? null, upgrade_url })
  }

  /** `onUnknown` is told where the service did not answer, so that it may have counted or not. */
  async consume(
    caller: Caller,
    order: UsageOrder,
    onUnknown: () => void,
  ): Promise<{ verdict: Verdict; counted?: boolean | undefined }> {
    const answer = await this.#post('/v1/usage/consume', caller, bodyOf(order))
    if (answer.status === 200) {
      return { verdict: passedBy('live', caller), counted: answer.check.counted }
    }
    if (answer.status === 'refused') return { verdict: answer.refusal, counted: false }
    onUnknown()
    return { verdict: unavailable(), counted: false }
  }

  /** Brings what may have been counted to an end at which nothing is: only a known count can be given back. */
  async undo(caller: Caller, order: UsageOrder): Promise<void> {
    const answer = await this.#persist('/v1/usage/consume', caller, order)
    if (answer.status === 200) await this.release(caller, order)
  }

  async release(caller: Caller, order: UsageOrder): Promise<void> {
    const { status } = await this.#persist('/v1/usage/release', caller, order)
    if (status === 200) return
    const { limit, amount } = order
    this.#log('what failed stays counted: it could not be given back', {
      limit,
      amount,
      accountId: caller.accountId,
    })
  }

  /** Tries until there is an answer, a few times. */
  async #persist(path: string, caller: Caller, order: UsageOrder): Promise<Answer> {
    for (const pauseMs of AGAIN_AFTER_MS) {
      const answer = await this.#post(path, caller, bodyOf(order))
      if (answer.status !== 'unknown') return answer
      await pause(pauseMs)
    }
    return this.#post(path, caller, bodyOf(order))
  }

  async #post(path: string, caller: Caller, body: object): Promise<Answer> {
    const key = this.#productKey
    try {
      const reply = await this.#fetch(this.#url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key ?? caller.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(key === null ? body : { account_id: caller.accountId, ...body }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      const said: unknown = await reply.json()
      if (reply.status === 200 && typeof said === 'object' && said !== null)
        return { status: 200, check: said as Check }
      // With the product's key that is no fault of the caller's.
      const isOurs = key !== null && (reply.status === 401 || reply.status === 403)
      const isAnswer = reply.status < 500 && reply.status !== 429 && !isOurs
      const refusal = isAnswer ? refusalIn(reply, said) : null
      if (!refusal) throw new Error(`It answered ${reply.status}`)
      return { status: 'refused', refusal }
    } catch (error) {
      this.#log(`${path} failed`, { error: String(error) })
      return { status: 'unknown' }
    }
  }
}

function bodyOf({ limit, amount, idempotencyKey }: UsageOrder) {
  return { limit, amount, idempotency_key: idempotencyKey }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    timer.unref?.()
  })
}
