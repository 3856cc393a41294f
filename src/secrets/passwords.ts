import { hash, verify } from '@node-rs/argon2'
import type { Config } from '../config.ts'
import type { Metrics } from '../http/metrics.ts'
import { problem } from '../problems.ts'
import { inSpan } from '../tracing/spans.ts'
import { isPasswordOf } from './hashes/isPasswordOf.ts'
import { readHash, type StoredHash } from './hashes/readHash.ts'
import { costOf, isTooDear, type Today } from './hashes/rules.ts'

const ARGON2ID = 2
const RETRY_AFTER_SECONDS = 2
const LEAST_MEMORY_KIB = 8

type Settings = Pick<Config, 'argon2MemoryKib' | 'argon2Passes' | 'hashesAtOnce' | 'hashQueue'>

type HashMetrics = Pick<
  Metrics,
  'hashesRunning' | 'hashesWaiting' | 'hashesAtOnce' | 'hashQueue' | 'hashesRefused' | 'hashWaitSeconds'
>

/**
 * Hashes passwords (argon2id), a few at a time: each takes a core and 19 MiB. What cannot wait in the bounded
 * queue is turned away with 503, so that a flood of sign-ins leaves the rest of the service alive.
 */
export class Passwords {
  readonly #settings: Settings
  readonly #metrics: HashMetrics
  readonly #waiting: (() => void)[] = []
  #running = 0
  #decoy: Promise<string> | undefined

  constructor(settings: Settings, metrics: HashMetrics) {
    this.#settings = settings
    this.#metrics = metrics
    metrics.hashesAtOnce.set(settings.hashesAtOnce)
    metrics.hashQueue.set(settings.hashQueue)
  }

  /** The PHC string to store for a password, which is hashed whole, as it was typed. */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => this.#compute(password))
  }

  /**
   * Whether the password belongs to the hash, which may have come from elsewhere. A wrong one takes no less time whichever
   * hash it is held against: none, one of today's parameters, or one of cheaper ones. A hash that is too dear or unknown is
   * never computed.
   */
  async matches(storedHash: string | null, password: string): Promise<boolean> {
    this.#decoy ??= this.#inTurn(() => this.#compute('the password of nobody'))
    const decoy = await this.#decoy.catch((error: unknown) => {
      this.#decoy = undefined
      throw error
    })
    const known = storedHash === null ? null : this.#read(storedHash)
    return this.#inTurn(async () => {
      if (typeof known !== 'object' || known === null) {
        await verify(decoy, password)
        return false
      }
      const isRight = await isPasswordOf(known, password)
      const missing = this.#today.memoryKib * this.#today.passes - costOf(known)
      if (!isRight && missing > 0) await this.#spend(password, missing)
      return isRight
    })
  }

  /** Why a hash cannot be taken over from elsewhere; null where it can. Whatever can is computed at sign-in too. */
  whyRefused(storedHash: string): 'unknown' | 'too-dear' | null {
    const read = this.#read(storedHash)
    return typeof read === 'string' ? read : null
  }

  /** Whether a stored hash was made with other parameters than today's, and is to be made anew. */
  isOutdated(storedHash: string): boolean {
    const { argon2MemoryKib, argon2Passes } = this.#settings
    return !storedHash.startsWith(`$argon2id$v=19$m=${argon2MemoryKib},t=${argon2Passes},p=1$`)
  }

  #read(storedHash: string): StoredHash | 'unknown' | 'too-dear' {
    const read = readHash(storedHash)
    if (!read) return 'unknown'
    return isTooDear(read, this.#today) ? 'too-dear' : read
  }

  get #today(): Today {
    return { memoryKib: this.#settings.argon2MemoryKib, passes: this.#settings.argon2Passes }
  }

  #compute(password: string, memoryCost = this.#settings.argon2MemoryKib): Promise<string> {
    const { argon2Passes } = this.#settings
    return hash(password, { algorithm: ARGON2ID, memoryCost, timeCost: argon2Passes, parallelism: 1 })
  }

  /** Takes the time that filling so many KiB takes. */
  async #spend(password: string, cost: number): Promise<void> {
    await this.#compute(password, Math.max(LEAST_MEMORY_KIB, Math.round(cost / this.#settings.argon2Passes)))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return inSpan({ name: 'password hash' }, () => this.#waitAndDo(work))
  }

  async #waitAndDo<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    if (this.#running >= this.#settings.hashesAtOnce) {
      if (this.#waiting.length >= this.#settings.hashQueue) {
        this.#metrics.hashesRefused.inc()
        throw problem('overloaded', undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
      const turn = new Promise<void>((resolve) => this.#waiting.push(resolve))
      this.#metrics.hashesWaiting.set(this.#waiting.length)
      // The one before hands its place over, so `#running` stays as it is.
      await turn
    } else {
      this.#running++
    }
    this.#metrics.hashesRunning.set(this.#running)
    this.#metrics.hashWaitSeconds.observe((performance.now() - began) / 1000)
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      this.#metrics.hashesWaiting.set(this.#waiting.length)
      if (next) next()
      else this.#running--
      this.#metrics.hashesRunning.set(this.#running)
    }
  }
}
