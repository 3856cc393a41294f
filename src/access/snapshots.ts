import type { Db } from '../db/database.ts'
import type { Changes } from '../db/transaction.ts'
import { Recent } from './recent.ts'
import { readSnapshot, type Snapshot } from './snapshot.ts'

/** Snapshots of sessions, kept for under a second. */
export class Snapshots {
  readonly #db: Db
  readonly #recent: Recent<Snapshot>

  constructor(db: Db, changes: Changes) {
    this.#db = db
    this.#recent = new Recent(changes, ({ session, user, account }) => ({
      subjects: [`session:${session.id}`, `user:${user.id}`, `account:${account?.id}`, 'catalogue'],
      usage: `usage:${account?.id}`,
    }))
  }

  /** The snapshot for a session in an account, from memory where it is fresh. */
  get(sessionId: string, accountId: string | null, withUsage = false): Snapshot | Promise<Snapshot | null> {
    const read = () => readSnapshot(this.#db, sessionId, accountId)
    return this.#recent.get(keyOf(sessionId, accountId), read, withUsage)
  }

  /** The snapshot in memory, where it is fresh. */
  remembered(sessionId: string, accountId: string | null, withUsage = false): Snapshot | null {
    return this.#recent.remembered(keyOf(sessionId, accountId), withUsage)
  }
}

const keyOf = (sessionId: string, accountId: string | null) => `${sessionId}${accountId}`
