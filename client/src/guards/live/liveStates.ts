import type { Log } from '../gate.ts'
import type { Refused } from '../problems.ts'
import { Recent } from '../recent.ts'
import type { VerifiedToken } from '../tokens.ts'
import { type AccessState, readAccessState } from './accessState.ts'
import { followChanges } from './followChanges.ts'
import { ServiceClock } from './serviceClock.ts'
import { steadyClock } from './steadyClock.ts'

const USED_LATELY_MS = 60_000
const REFETCHED_AT_ONCE = 8
/** How often a state is fetched anew because it changed while it was fetched. */
const MOST_FETCHES = 10
const FAILED_FOR_MS = 1_000
/** The tokens of so many sessions expire long before as many others are over. */
const MOST_ENDED = 10_000
const FIRST_MARK_WITHIN_MS = 2_000

interface Options {
  url: string
  productKey: string
  fetch: typeof fetch
  now: () => number
  log: Log
  /** How old what is decided on may be. */
  maxStalenessMs: number
  /** Something for sale has changed. */
  onCatalogueChanged: () => void
}

/** What is known of the bearer of one token. */
interface Entry {
  verified: VerifiedToken
  /** Null while it is not known, or not any more. */
  known: { answer: AccessState | Refused; at: number; epoch: number } | null
  /** Counts how often it was said to have changed. */
  changes: number
  loading: Promise<AccessState | Refused> | null
  failedAt: number
  /** When a decision asked for it, by the service's clock. */
  usedAt: number
}

/**
 * What the service says of each token's bearer, kept in memory and kept true: the stream of changes says what to forget, and
 * its marks that nothing else needs to be. What neither a mark nor its own fetch has confirmed within `maxStalenessMs` is
 * never given.
 */
export class LiveStates {
  readonly clock: ServiceClock
  readonly #options: Options
  readonly #now: () => number
  readonly #entries = new Map<VerifiedToken, Entry>()
  readonly #named = new Map<string, Set<Entry>>()
  readonly #waiting = new Set<Entry>()
  /** Tokens that nothing is kept of any more, also where a decision is under way. */
  readonly #dropped = new WeakSet<VerifiedToken>()
  /** By the ids of sessions that are over, what the service said of them. */
  readonly #ended = new Recent<Refused>(MOST_ENDED)
  readonly #stream: { close: () => void }
  #refetching = 0
  /** A time in which nothing was missed; 0 before the first mark. What was fetched in another one is not kept true. */
  #epoch = 0
  #isFollowing = false
  #toldUntil = Number.NEGATIVE_INFINITY
  /** Why the stream broke the last time. */
  #broken: unknown = null
  #onFirstMark: () => void = () => {}
  readonly #firstMark: Promise<void>

  constructor(options: Options) {
    this.#now = steadyClock(options.now)
    this.#options = options
    this.clock = new ServiceClock(this.#now)
    this.#firstMark = new Promise((resolve) => {
      this.#onFirstMark = resolve
    })
    this.#stream = followChanges({
      ...options,
      onChanged: (subjects) => this.#forgetNamed(subjects),
      onMark: (at) => this.#hearMark(at),
      onReset: () => this.#forgetAll(),
      onBroken: (error) => {
        this.#broken = error
      },
    })
  }

  /** Waits until the stream has begun; rejects where it does not, and says what the service answered. */
  async ready(): Promise<void> {
    if (!(await within(FIRST_MARK_WITHIN_MS, this.#firstMark))) {
      const why = this.#broken ?? new Error(`${this.#options.url}/v1/changes does not answer with a stream`)
      throw new Error(`Live state does not begin: ${why}`, { cause: why })
    }
  }

  /** What may be decided on without asking at a time of the service's clock; null where the service has to be asked. */
  remembered(verified: VerifiedToken, now: number): AccessState | Refused | null {
    const entry = this.#entries.get(verified)
    if (entry === undefined || entry.known === null) return this.#ended.get(verified.claims.sid) ?? null
    entry.usedAt = now
    const { answer, at, epoch } = entry.known
    if (answer.kind === 'standing' && answer.sessionEndsAt <= now) return null
    return this.#isConfirmed(epoch, now) || now - at <= this.#options.maxStalenessMs ? answer : null
  }

  /** Asks the service; all who need the same state wait for one fetch. Rejects when it does not answer. */
  async fetch(verified: VerifiedToken): Promise<AccessState | Refused> {
    const entry = this.#entryOf(verified)
    entry.usedAt = this.clock.now()
    return this.#fetchOnce(entry)
  }

  async #fetchOnce(entry: Entry): Promise<AccessState | Refused> {
    if (entry.loading) return entry.loading
    if (this.#now() - entry.failedAt < FAILED_FOR_MS) throw new Error('It failed a moment ago')
    entry.loading = this.#load(entry).finally(() => {
      entry.loading = null
    })
    return entry.loading
  }

  /** Lets go of what belongs to a token that is no longer used. */
  drop(verified: VerifiedToken): void {
    this.#dropped.add(verified)
    const entry = this.#entries.get(verified)
    if (!entry) return
    this.#entries.delete(verified)
    this.#waiting.delete(entry)
    for (const subject of subjectsOf(verified)) {
      const named = this.#named.get(subject)
      named?.delete(entry)
      if (named?.size === 0) this.#named.delete(subject)
    }
  }

  close(): void {
    this.#stream.close()
    this.#waiting.clear()
  }

  async #load(entry: Entry): Promise<AccessState | Refused> {
    try {
      for (let fetches = 0; fetches < MOST_FETCHES; fetches++) {
        const { changes } = entry
        const epoch = this.#isFollowing ? this.#epoch : 0
        const answer = await readAccessState(this.#options, entry.verified.token)
        if (answer.kind === 'standing') this.clock.hearAtLeast(answer.at)
        if (isOver(answer)) return this.#end(entry.verified, answer)
        // What began before a change was told may have been read before it was made.
        if (entry.changes !== changes) continue
        const at = answer.kind === 'standing' ? answer.at : this.clock.now()
        entry.known = { answer, at, epoch }
        return answer
      }
      throw new Error('The state changes faster than it can be read')
    } catch (error) {
      entry.failedAt = this.#now()
      throw error
    }
  }

  /** Nothing else can be said from now on of any token of a session that is over. */
  #end({ claims: { sid } }: VerifiedToken, refusal: Refused): Refused {
    this.#ended.set(sid, refusal)
    for (const entry of this.#named.get(`session:${sid}`) ?? []) {
      entry.changes++
      entry.known = null
    }
    return refusal
  }

  #isConfirmed(epoch: number, now: number): boolean {
    return epoch !== 0 && epoch === this.#epoch && now - this.#toldUntil <= this.#options.maxStalenessMs
  }

  #entryOf(verified: VerifiedToken): Entry {
    const known = this.#entries.get(verified)
    if (known) return known
    const entry: Entry = {
      verified,
      known: null,
      changes: 0,
      loading: null,
      failedAt: Number.NEGATIVE_INFINITY,
      usedAt: this.clock.now(),
    }
    if (this.#dropped.has(verified)) return entry
    this.#entries.set(verified, entry)
    for (const subject of subjectsOf(verified)) {
      const named = this.#named.get(subject)
      if (named) named.add(entry)
      else this.#named.set(subject, new Set([entry]))
    }
    return entry
  }

  #hearMark(at: number): void {
    this.clock.hear(at)
    this.#toldUntil = at
    if (!this.#isFollowing) {
      this.#isFollowing = true
      this.#epoch++
    }
    this.#onFirstMark()
  }

  #forgetAll(): void {
    this.#isFollowing = false
    this.#epoch++
    this.#options.onCatalogueChanged()
    for (const entry of this.#entries.values()) this.#forget(entry)
  }

  #forgetNamed(subjects: string[]): void {
    for (const subject of subjects) {
      if (subject === 'catalogue') this.#options.onCatalogueChanged()
      const named = subject === 'catalogue' ? this.#entries.values() : (this.#named.get(subject) ?? [])
      for (const entry of named) this.#forget(entry)
    }
  }

  #forget(entry: Entry): void {
    entry.changes++
    entry.known = null
    if (this.#ended.get(entry.verified.claims.sid) || this.clock.now() - entry.usedAt > USED_LATELY_MS) return
    this.#waiting.add(entry)
    this.#refetch()
  }

  /** Fetches what was used lately before it is asked for again, a few at a time. */
  #refetch(): void {
    while (this.#refetching < REFETCHED_AT_ONCE) {
      const [entry] = this.#waiting
      if (!entry) return
      this.#waiting.delete(entry)
      if (entry.loading) continue
      this.#refetching++
      void this.#fetchOnce(entry)
        .catch(() => {})
        .finally(() => {
          this.#refetching--
          this.#refetch()
        })
    }
  }
}

/** A session that is over never comes back. */
const isOver = (answer: AccessState | Refused): answer is Refused =>
  answer.kind === 'refused' && answer.problem.code === 'session-expired'

function subjectsOf({ claims }: VerifiedToken): string[] {
  return [`account:${claims.account_id}`, `user:${claims.sub}`, `session:${claims.sid}`]
}

/** Whether a promise is kept in time. */
function within(ms: number, promise: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms)
    void promise.then(() => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}
