import { hash, verify } from '@node-rs/argon2'
import type { Config } from '../config.ts'
import type { Metrics } from '../http/metrics.ts'
import { problem } from '../problems.ts'

const ARGON2ID = 2
const RETRY_AFTER_SECONDS = 2
const LEAST_MEMORY_KIB = 8
/** A stored hash may cost this many times what one costs today; computing a dearer one would starve everybody. */
const DEAREST = 16

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

  /**
   * Whether the password belongs to the hash. A wrong one takes as long whichever hash it is held against: none,
   * one of today's parameters, or one of cheaper ones.
   */
  async matches(storedHash: string | null, password: string): Promise<boolean> {
    this.#decoy ??= this.#inTurn(() => this.#compute('the password of nobody'))
    const decoy = await this.#decoy.catch((error: unknown) => {
      this.#decoy = undefined
      throw error
    })
    const today = this.#settings.argon2MemoryKib * this.#settings.argon2Passes
    const cost = storedHash === null ? null : costOf(storedHash)
    if (storedHash === null || cost === null || cost > today * DEAREST) {
      await this.#inTurn(() => verify(decoy, password))
      return false
    }
    return this.#inTurn(async () => {
      const isRight = await verify(storedHash, password)
      if (!isRight && cost < today) await this.#spend(password, today - cost)
      return isRight
    })
  }

  /** Whether a stored hash was made with other parameters than today's, and is to be made anew. */
  isOutdated(storedHash: string): boolean {
    const { argon2MemoryKib, argon2Passes } = this.#settings
    return !storedHash.startsWith(`$argon2id$v=19$m=${argon2MemoryKib},t=${argon2Passes},p=1$`)
  }

  #compute(password: string, memoryCost = this.#settings.argon2MemoryKib): Promise<string> {
    const { argon2Passes } = this.#settings
    return hash(password, { algorithm: ARGON2ID, memoryCost, timeCost: argon2Passes, parallelism: 1 })
  }

  /** Takes the time that filling so many KiB takes. */
  async #spend(password: string, cost: number): Promise<void> {
    await this.#compute(password, Math.max(LEAST_MEMORY_KIB, Math.round(cost / this.#settings.argon2Passes)))
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

/** KiB that computing a hash fills, all passes together; null for what is no argon2id hash. */
function costOf(storedHash: string): number | null {
  const [, memoryKib, passes] =
    /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=\d{1,3}\$/.exec(storedHash) ?? []
  return memoryKib && passes ? Number(memoryKib) * Number(passes) : null
}
