import type { Caller } from './caller.ts'
import { explain } from './explain.ts'
import { KeySet } from './keySet.ts'
import { compareLimit } from './limits/compareLimit.ts'
import { type LimitOrder, Usage, type UsageOrder } from './limits/usage.ts'
import { type AccessState, readAccessState } from './live/accessState.ts'
import { LiveStates } from './live/liveStates.ts'
import { Offers } from './offers.ts'
import { noToken, type Refused, refuse, refusedToken, unavailable } from './problems.ts'
import { decide, isInTime, type Passed, type Requirement, type Standing, spanAt } from './rules.ts'
import { isBearer, Tokens, type VerifiedToken } from './tokens.ts'

/** Told what went wrong; `fields` never hold tokens, keys or addresses. */
export type Log = (message: string, fields: Record<string, unknown>) => void

/** Whether a request may go on, and if not, what to answer. */
export type Verdict = Passed | Refused

/** What became of counting something, and the order that gives it back. */
export interface Consumed {
  verdict: Verdict
  /** Whether this call counted it: not where it was refused, and not where an earlier one with the same key had. */
  counted: boolean
  order: UsageOrder
}

export interface GateOptions {
  /** Where Frontgate is (its PUBLIC_URL): who issues the tokens. */
  url: string
  /** For whom they are issued (its TOKEN_AUDIENCE). Default: `url`. */
  audience?: string
  /**
   * A key with the scope `entitlements:read`, which live state takes, and `usage:write` where limits are counted. Without
   * one, limits are asked about and counted with the caller's own token.
   */
  productKey?: string
  /** Decide by what the service says now, not by what it said when the token was signed. Takes `productKey`. */
  live?: boolean | LiveOptions
  /** How far the clock of this machine may be off, in seconds, where the service does not tell its own. Default: 30. */
  clockSkewSeconds?: number
  fetch?: typeof fetch
  /** Milliseconds since 1970. */
  now?: () => number
  /** Default: `console.warn`. */
  log?: Log
}

export interface LiveOptions {
  /** How old what is decided on may be, in milliseconds. Default: 10,000. */
  maxStalenessMs?: number
  /**
   * What to do when nothing that young is known and the service does not answer: refuse with 503, or decide by the
   * token, which may be ten minutes behind. Default: `closed`.
   */
  failMode?: 'closed' | 'token'
}

const MAX_STALENESS_MS = 10_000
const CLOCK_SKEW_SECONDS = 30
const COMPLAIN_EVERY_MS = 1_000

/**
 * Decides whether requests to a product may go on: by the signed token alone, or, with `live`, by what the service says of
 * its bearer now. One per process is enough; `close` it when the process ends.
 */
export class Gate {
  readonly #keys: KeySet
  readonly #tokens: Tokens
  readonly #offers: Offers
  readonly #usage: Usage
  readonly #live: LiveStates | null
  readonly #failMode: 'closed' | 'token'
  readonly #service: { url: string; fetch: typeof fetch }
  readonly #now: () => number
  readonly #skewMs: number
  readonly #log: Log
  /** What the service told of a token that does not say everything. */
  readonly #told = new WeakMap<VerifiedToken, AccessState>()
  readonly #asking = new WeakMap<VerifiedToken, Promise<AccessState | Refused>>()
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(options: GateOptions) {
    const url = options.url.replace(/\/+$/, '')
    const { audience = url, productKey, live = false } = options
    const { log = warn } = options
    // What breaks in a log is no reason to let nobody in, or to end a stream.
    this.#log = (message, fields) => void (async () => log(message, fields))().catch(() => {})
    this.#now = options.now ?? Date.now
    this.#skewMs = (options.clockSkewSeconds ?? CLOCK_SKEW_SECONDS) * 1000
    this.#service = { url, fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)) }
    const common = { ...this.#service, now: this.#now, log: this.#log }
    this.#keys = new KeySet(common)
    this.#offers = new Offers(common)
    this.#usage = new Usage({ ...common, productKey: productKey ?? null })
    const { maxStalenessMs = MAX_STALENESS_MS, failMode = 'closed' } = typeof live === 'object' ? live : {}
    this.#failMode = failMode
    if (live && !productKey) throw new TypeError('Live state takes a productKey')
    this.#live =
      live && productKey
        ? new LiveStates({
            ...common,
            productKey,
            maxStalenessMs,
            onCatalogueChanged: () => this.#offers.forget(),
          })
        : null
    const expected = { issuer: url, audience, now: this.#now, log: this.#log }
    this.#tokens = new Tokens(this.#keys, expected, (token) => this.#live?.drop(token))
  }

  /** Fetches the keys and, with live state, waits for its stream; rejects where the service does not answer in time. */
  async ready(): Promise<void> {
    await Promise.all([this.#keys.ready(), this.#live?.ready()])
  }

  /**
   * Whether a request with this `Authorization` header may go on. Answers at once, without I/O, where the token has been
   * seen and what it takes is known, and with a promise else. Never throws or rejects: what goes wrong is a refusal.
   */
  decide(authorization: string | undefined, requirement: Requirement): Verdict | Promise<Verdict> {
    try {
      const verified = authorization === undefined ? undefined : this.#tokens.remembered(authorization)
      const verdict = verified && this.#decideNow(verified, requirement)
      if (verdict) return verdict instanceof Promise ? this.#guarded(verdict) : verdict
      if (!isBearer(authorization)) return noToken()
      return this.#guarded(this.#decideLater(authorization, requirement))
    } catch (error) {
      return this.#broken(error)
    }
  }

  /** Whether so much more of a limit fits beside what the product itself has counted. Without I/O with live state. */
  compare(caller: Caller, order: LimitOrder, used: number): Verdict | Promise<Verdict> {
    return this.#guarded(this.#compare(caller, order, used))
  }

  /** Whether so much more of a limit fits beside what the service has counted; counts nothing. */
  check(caller: Caller, order: LimitOrder): Promise<Verdict> {
    return this.#guarded(this.#usage.check(caller, order, this.#offers))
  }

  /**
   * Counts something as used, once for each key, unless it is more than fits. Without a key it gets one of its own, under
   * which nothing stays counted where the service did not answer in time.
   */
  async consume(
    caller: Caller,
    { limit, amount, idempotencyKey }: LimitOrder & Partial<UsageOrder>,
  ): Promise<Consumed> {
    const order = { limit, amount, idempotencyKey: idempotencyKey ?? crypto.randomUUID() }
    try {
      const { verdict, counted } = await this.#usage.consume(caller, order, () => {
        if (idempotencyKey === undefined) void this.#usage.undo(caller, order)
      })
      // Under a key of its own nothing was counted before, whatever an older service leaves unsaid.
      return { verdict, counted: counted ?? idempotencyKey === undefined, order }
    } catch (error) {
      return { verdict: this.#broken(error), counted: false, order }
    }
  }

  /** Gives back what was counted under a key; tries a few times and never rejects. */
  release(caller: Caller, order: UsageOrder): Promise<void> {
    return this.#usage.release(caller, order)
  }

  /** Ends the stream, so that the process can end. From then on live state is asked for anew when it is too old. */
  close(): void {
    this.#live?.close()
  }

  #decideNow(verified: VerifiedToken, requirement: Requirement): Verdict | Promise<Verdict> | null {
    if (!this.#live) return this.#decideByToken(verified, requirement)
    const at = this.#live.clock.now()
    const answer = this.#live.remembered(verified, at)
    return answer && this.#decideByAnswer(verified, answer, requirement, at)
  }

  async #decideLater(authorization: string, requirement: Requirement): Promise<Verdict> {
    const verified = await this.#verified(authorization)
    if (!verified) return refusedToken()
    if ('kind' in verified) return verified
    if (!this.#live) return this.#decideByToken(verified, requirement)
    const answer = await this.#answerLive(this.#live, verified)
    if (answer) return this.#decideByAnswer(verified, answer, requirement, this.#live.clock.now())
    return this.#failMode === 'token' ? this.#decideByToken(verified, requirement) : unavailable()
  }

  async #verified(authorization: string): Promise<VerifiedToken | Refused | null> {
    const known = this.#tokens.remembered(authorization)
    if (known) return known
    try {
      return await this.#tokens.verify(authorization)
    } catch (error) {
      this.#complain('the keys of the service cannot be fetched', error)
      return unavailable()
    }
  }

  async #answerLive(live: LiveStates, verified: VerifiedToken): Promise<AccessState | Refused | null> {
    const answer = live.remembered(verified, live.clock.now())
    if (answer) return answer
    try {
      return await live.fetch(verified)
    } catch (error) {
      const then = this.#failMode === 'token' ? 'deciding by the token' : 'refusing'
      this.#complain(`live state is not to be had: ${then}`, error)
      return null
    }
  }

  #decideByAnswer(
    verified: VerifiedToken,
    answer: AccessState | Refused,
    requirement: Requirement,
    at: number,
  ): Verdict | Promise<Verdict> {
    if (answer.kind === 'refused') return answer
    if (!isInTime(verified.claims, at, this.#live ? 0 : this.#skewMs)) return this.#outdated(verified, at)
    const { upgradeUrl } = answer
    return this.#judge(answer, requirement, at, upgradeUrl) ?? unavailable()
  }

  #decideByToken(verified: VerifiedToken, requirement: Requirement): Verdict | Promise<Verdict> {
    const at = this.#live?.clock.isTold ? this.#live.clock.now() : this.#now()
    if (!isInTime(verified.claims, at, this.#skewMs)) return this.#outdated(verified, at)
    if (!verified.standing) return noMember(verified, this.#service.url)
    return (
      this.#judge(verified.standing, requirement, at, null) ?? this.#decideByAsking(verified, requirement)
    )
  }

  /** Null where the standing does not tell. */
  #judge(
    standing: Standing,
    requirement: Requirement,
    at: number,
    upgradeUrl: string | null,
  ): Verdict | Promise<Verdict> | null {
    const span = spanAt(standing, at)
    const outcome = decide(standing, span, requirement, at)
    if (outcome.kind === 'passed') return span.passed
    if (outcome.kind === 'untold') return null
    return explain({ outcome, requirement, span, upgradeUrl }, this.#offers)
  }

  async #decideByAsking(verified: VerifiedToken, requirement: Requirement): Promise<Verdict> {
    const answer = await this.#askOnce(verified)
    return answer ? this.#decideByAnswer(verified, answer, requirement, this.#now()) : unavailable()
  }

  /** What the service says of a token, asked once for as long as the token lives; null when it does not answer. */
  async #askOnce(verified: VerifiedToken): Promise<AccessState | Refused | null> {
    const told = this.#told.get(verified)
    if (told) return told
    const asking = this.#asking.get(verified) ?? readAccessState(this.#service, verified.token)
    this.#asking.set(verified, asking)
    try {
      const answer = await asking
      if (answer.kind === 'standing') this.#told.set(verified, answer)
      return answer
    } catch (error) {
      this.#complain('the service does not say what the token does not', error)
      return null
    } finally {
      this.#asking.delete(verified)
    }
  }

  async #compare(caller: Caller, order: LimitOrder, used: number): Promise<Verdict> {
    const verified = await this.#verified(`Bearer ${caller.token}`)
    if (!verified) return refusedToken()
    if ('kind' in verified) return verified
    const answer = this.#live ? await this.#answerLive(this.#live, verified) : await this.#askOnce(verified)
    if (answer === null) return unavailable()
    if (answer.kind === 'refused') return answer
    const at = this.#live ? this.#live.clock.now() : this.#now()
    const span = spanAt(answer, at)
    return compareLimit({ span, order, used, at, upgradeUrl: answer.upgradeUrl }, this.#offers)
  }

  #outdated(verified: VerifiedToken, at: number): Refused {
    this.#tokens.dropOutdated(verified, at)
    return refusedToken()
  }

  #guarded(verdict: Promise<Verdict>): Promise<Verdict> {
    return verdict.catch((error: unknown) => this.#broken(error))
  }

  #broken(error: unknown): Refused {
    this.#log('a guard broke', { error: String(error) })
    return refuse('internal')
  }

  #complain(message: string, error: unknown): void {
    if (Math.abs(this.#now() - this.#complainedAt) < COMPLAIN_EVERY_MS) return
    this.#complainedAt = this.#now()
    this.#log(message, { error: String(error) })
  }
}

const warn: Log = (message, fields) => console.warn(`Frontgate: ${message}`, fields)

function noMember({ claims }: VerifiedToken, url: string): Refused {
  if (claims.needs_second_factor) {
    return refuse('second-factor-required-here', { security_url: `${url}/security` })
  }
  const detail =
    claims.account_id === null
      ? 'You are not a member of any account. Create one, or ask for an invite.'
      : 'You are not, or no longer, a member of this account.'
  return refuse('forbidden', {}, { detail })
}
