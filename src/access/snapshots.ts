import { LRUCache } from 'lru-cache'
import type { Db } from '../db/database.ts'
import type { Changes } from '../db/transaction.ts'
import { readSnapshot, type Snapshot } from './snapshot.ts'

/** Below the second within which every replica must refuse what another one revoked. */
const FRESH_FOR_MS = 900
const MAX_ENTRIES = 20_000

interface Entry {
  snapshot: Snapshot
  readAt: number
  /** Changes announced up to this count were visible to the read. */
  seen: number
  subjects: string[]
}

/**
 * Snapshots of sessions, kept for under a second. What this process commits is seen by its next read at
 * once; what another process commits, within that second.
 */
export class Snapshots {
  readonly #db: Db
  readonly #entries = new LRUCache<string, Entry>({ max: MAX_ENTRIES })
  readonly #reading = new Map<string, Promise<Entry | null>>()
  /** When each subject last changed; older ones than FRESH_FOR_MS can no longer matter and fall out. */
  readonly #changedAt = new LRUCache<string, number>({
    max: 200_000,
    ttl: FRESH_FOR_MS * 20,
    ttlResolution: 100,
  })
  #changes = 0

  constructor(db: Db, changes: Changes) {
    this.#db = db
    changes.listen((subjects) => {
      this.#changes++
      for (const subject of subjects) this.#changedAt.set(subject, this.#changes)
    })
  }

  /** The snapshot for a session in an account, from memory where it is fresh. */
  get(sessionId: string, accountId: string | null): Snapshot | Promise<Snapshot | null> {
    const remembered = this.remembered(sessionId, accountId)
    return remembered ?? this.#read(keyOf(sessionId, accountId), sessionId, accountId)
  }

  /** The snapshot in memory, where it is fresh. */
  remembered(sessionId: string, accountId: string | null): Snapshot | null {
    const entry = this.#entries.get(keyOf(sessionId, accountId))
    return entry && this.#isFresh(entry) ? entry.snapshot : null
  }

  async #read(key: string, sessionId: string, accountId: string | null): Promise<Snapshot | null> {
    // A read that began before this call may be older than a change that the caller knows of.
    const begun = await this.#reading.get(key)
    if (begun && this.#isFresh(begun)) return begun.snapshot
    let reading = this.#reading.get(key)
    if (!reading) {
      reading = this.#load(key, sessionId, accountId).finally(() => this.#reading.delete(key))
      this.#reading.set(key, reading)
    }
    // This one began after it, so it is right however long it took.
    return (await reading)?.snapshot ?? null
  }

  async #load(key: string, sessionId: string, accountId: string | null): Promise<Entry | null> {
    const [seen, readAt] = [this.#changes, performance.now()]
    const snapshot = await readSnapshot(this.#db, sessionId, accountId)
    if (!snapshot) return null
    const subjects = [`session:${sessionId}`, `user:${snapshot.user.id}`, `account:${snapshot.account?.id}`]
    const entry = { snapshot, readAt, seen, subjects }
    this.#entries.set(key, entry)
    return entry
  }

  #isFresh({ readAt, seen, subjects }: Entry): boolean {
    if (performance.now() - readAt > FRESH_FOR_MS) return false
    if (seen === this.#changes) return true
    return subjects.every((subject) => (this.#changedAt.get(subject) ?? 0) <= seen)
  }
}

const keyOf = (sessionId: string, accountId: string | null) => `${sessionId}${accountId}`
