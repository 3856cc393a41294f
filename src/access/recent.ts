import { LRUCache } from 'lru-cache'
import type { Changes } from '../db/transaction.ts'

/** Below the second within which every replica must refuse what another one revoked, also where no announcement arrives. */
const FRESH_FOR_MS = 900
const MAX_ENTRIES = 20_000

interface Entry<Value> {
  value: Value
  readAt: number
  /** Changes announced up to this count were visible to the read. */
  seen: number
  dependsOn: Dependencies
}

/** Whose changes void a value. */
interface Dependencies {
  subjects: string[]
  /** Changes only what has been used of limits, which few readers look at. */
  usage?: string
}

/**
 * What was read from the database, kept for under a second. What this process commits is seen by its next read at
 * once; what another process commits, as soon as it was announced, and within that second in any case. Of what has been used that holds for those who ask `withUsage`:
 * to the others a call that counts something voids nothing. What is not there is not remembered, so that nobody can
 * fill the memory by asking for it.
 */
export class Recent<Value extends object> {
  readonly #dependenciesOf: (value: Value) => Dependencies
  readonly #entries = new LRUCache<string, Entry<Value>>({ max: MAX_ENTRIES })
  readonly #reading = new Map<string, Promise<Entry<Value> | null>>()
  /** When each subject last changed, and the same of the time before: what is older than FRESH_FOR_MS matters to no entry. */
  #changedAt = new Map<string, number>()
  #changedBefore = new Map<string, number>()
  #turnedAt = performance.now()
  #changes = 0
  #everythingChangedAt = 0

  constructor(changes: Changes, dependenciesOf: (value: Value) => Dependencies) {
    this.#dependenciesOf = dependenciesOf
    changes.listen((changed) => {
      this.#changes++
      if (changed === 'everything') this.#everythingChangedAt = this.#changes
      else this.#remember(changed)
    })
  }

  /** The value under a key, from memory where it is fresh. */
  get(key: string, read: () => Promise<Value | null>, withUsage = false): Value | Promise<Value | null> {
    return this.remembered(key, withUsage) ?? this.#read(key, read, withUsage)
  }

  /** The value in memory, where it is fresh. */
  remembered(key: string, withUsage = false): Value | null {
    const entry = this.#entries.get(key)
    return entry && this.#isFresh(entry, withUsage) ? entry.value : null
  }

  #remember(changed: ReadonlySet<string>): void {
    const now = performance.now()
    if (now - this.#turnedAt > FRESH_FOR_MS) {
      this.#turnedAt = now
      this.#changedBefore = this.#changedAt
      this.#changedAt = new Map()
    }
    for (const subject of changed) this.#changedAt.set(subject, this.#changes)
  }

  async #read(key: string, read: () => Promise<Value | null>, withUsage: boolean): Promise<Value | null> {
    // A read that began before this call may be older than a change that the caller knows of.
    const begun = await this.#reading.get(key)
    if (begun && this.#isFresh(begun, withUsage)) return begun.value
    let reading = this.#reading.get(key)
    if (!reading) {
      reading = this.#load(key, read).finally(() => this.#reading.delete(key))
      this.#reading.set(key, reading)
    }
    // This one began after it, so it is right however long it took.
    return (await reading)?.value ?? null
  }

  async #load(key: string, read: () => Promise<Value | null>): Promise<Entry<Value> | null> {
    const [seen, readAt] = [this.#changes, performance.now()]
    const value = await read()
    if (!value) return null
    const entry = { value, readAt, seen, dependsOn: this.#dependenciesOf(value) }
    this.#entries.set(key, entry)
    return entry
  }

  #isFresh({ readAt, seen, dependsOn: { subjects, usage } }: Entry<Value>, withUsage: boolean): boolean {
    if (performance.now() - readAt > FRESH_FOR_MS) return false
    if (seen === this.#changes) return true
    if (seen < this.#everythingChangedAt) return false
    const isUnchanged = (subject: string) => this.#lastChangeOf(subject) <= seen
    return subjects.every(isUnchanged) && (!withUsage || usage === undefined || isUnchanged(usage))
  }

  #lastChangeOf(subject: string): number {
    return this.#changedAt.get(subject) ?? this.#changedBefore.get(subject) ?? 0
  }
}
