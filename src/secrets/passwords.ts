import { hash, verify } from '@node-rs/argon2'
import type { Config } from '../config.ts'
import type { Metrics } from '../http/metrics.ts'
import { problem } from '../problems.ts'

const ARGON2ID = 2
const RETRY_AFTER_SECONDS = 2

type Settings = Pick<Config, 'argon2MemoryKib' | 'argon2Passes' | 'hashesAtOnce' | 'hashQueue'>

/**
 * Hashes passwords (argon2id), a few at a time: each takes a core and 19 MiB. What cannot wait in the bounded
 * queue is turned away with 503, so that a flood of sign-ins leaves the rest of the service alive.
 */
export class Passwords {
  readonly #settings: Settings
  readonly #metrics: Pick<Metrics, 'hashesWaiting'>
  readonly #waiting: (() => void)[] = []
  #running = 0
  #decoy: Promise<string> | undefined

  constructor(settings: Settings, metrics: Pick<Metrics, 'hashesWaiting'>) {
    this.#settings = settings
    this.#metrics = metrics
  }

  /** The PHC string to store for a password, which is hashed whole, as it was typed. */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => this.#compute(password))
  }

  /** Whether the password belongs to the hash. Without a hash it costs the same and is never right. */
  async matches(storedHash: string | null, password: string): Promise<boolean> {
    this.#decoy ??= this.#inTurn(() => this.#compute('the password of nobody'))
    const decoy = await this.#decoy.catch((error: unknown) => {
      this.#decoy = undefined
      throw error
    })
    const right = await this.#inTurn(() => verify(storedHash ?? decoy, password))
    return right && storedHash !== null
  }

  /** Whether a stored hash was made with other parameters than today's, and is to be made anew. */
  isOutdated(storedHash: string): boolean {
    const { argon2MemoryKib, argon2Passes } = this.#settings
    return !storedHash.startsWith(`$argon2id$v=19$m=${argon2MemoryKib},t=${argon2Passes},p=1$`)
  }

  #compute(password: string): Promise<string> {
    const { argon2MemoryKib, argon2Passes } = this.#settings
    return hash(password, {
      algorithm: ARGON2ID,
      memoryCost: argon2MemoryKib,
      timeCost: argon2Passes,
      parallelism: 1,
    })
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#settings.hashesAtOnce) {
      if (this.#waiting.length >= this.#settings.hashQueue) {
        throw problem('overloaded', undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
      const turn = new Promise<void>((resolve) => this.#waiting.push(resolve))
      this.#metrics.hashesWaiting.set(this.#waiting.length)
      // The one before hands its place over, so `#running` stays as it is.
      await turn
    } else {
      this.#running++
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      this.#metrics.hashesWaiting.set(this.#waiting.length)
      if (next) next()
      else this.#running--
    }
  }
}
