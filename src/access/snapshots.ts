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
    this.#recent = new Recent(changes, ({ session, user, account }) => [
      `session:${session.id}`,
      `user:${user.id}`,
      `account:${account?.id}`,
    ])
  }

  /** The snapshot for a session in an account, from memory where it is fresh. */
  get(sessionId: string, accountId: string | null): Snapshot | Promise<Snapshot | null> {
    return this.#recent.get(keyOf(sessionId, accountId), () => readSnapshot(this.#db, sessionId, accountId))
  }

  /** The snapshot in memory, where it is fresh. */
  remembered(sessionId: string, accountId: string | null): Snapshot | null {
    return this.#recent.remembered(keyOf(sessionId, accountId))
  }
}

const keyOf = (sessionId: string, accountId: string | null) => `${sessionId}${accountId}`
