import { setTimeout as sleep } from 'node:timers/promises'
import {
  CompiledQuery,
  type ConnectionProvider,
  type DatabaseConnection,
  PostgresDialect,
  Transaction,
} from 'kysely'
import type { Db } from './database.ts'
import type { DB } from './tables.ts'

/** Writes. Only `inTx` makes one, and only routes, jobs and commands call `inTx`. */
export type Tx = Transaction<DB>

type Subject = `account:${string}` | `user:${string}` | `session:${string}`

/** Tells caches of this process what a committed transaction has changed. */
export class Changes {
  readonly #listeners = new Set<(subjects: ReadonlySet<Subject>) => void>()
  listen(listener: (subjects: ReadonlySet<Subject>) => void): void {
    this.#listeners.add(listener)
  }
  announce(subjects: ReadonlySet<Subject>): void {
    for (const listener of this.#listeners) listener(subjects)
  }
}

const changedIn = new WeakMap<Tx, Set<Subject>>()

/** Notes that what is cached about a subject is void once this transaction commits. */
export function changed(tx: Tx, subject: Subject): void {
  changedIn.get(tx)?.add(subject)
}

const SERIALIZATION_FAILURE = '40001'
const DEADLOCK_DETECTED = '40P01'
const MAX_TRIES = 5

/**
 * Runs `work` in one transaction and commits what it did, all or nothing. Statements that `work` issues
 * together (Promise.all) run in the order they were issued and share one round trip, with BEGIN. Deadlocks and serialization failures are
 * run again, so `work` must do nothing but talk to the database.
 */
export async function inTx<T>(app: { db: Db; changes: Changes }, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await app.db.getExecutor().provideConnection((connection) => runOnce(app, connection, work))
    } catch (error) {
      const code = (error as { code?: unknown }).code
      if (tries >= MAX_TRIES || (code !== SERIALIZATION_FAILURE && code !== DEADLOCK_DETECTED)) throw error
      await sleep(Math.random() * 20 * tries)
    }
  }
}

/** Runs reads on one connection, so that those issued together (Promise.all) share one round trip. */
export async function together<T>(app: { db: Db }, read: (db: Db) => Promise<T>): Promise<T> {
  return app.db.getExecutor().provideConnection((connection) => read(onConnection(app.db, connection)))
}

async function runOnce<T>(
  app: { db: Db; changes: Changes },
  connection: DatabaseConnection,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const tx = onConnection(app.db, connection)
  const subjects = new Set<Subject>()
  changedIn.set(tx, subjects)
  // Not awaited yet: it travels with the first statements of `work`, which the connection keeps in order.
  const begun = connection.executeQuery(CompiledQuery.raw('begin'))
  begun.catch(() => undefined)
  try {
    const result = await work(tx)
    await begun
    await commit(connection)
    if (subjects.size > 0) app.changes.announce(subjects)
    return result
  } catch (error) {
    await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => undefined)
    throw error
  }
}

async function commit(connection: DatabaseConnection): Promise<void> {
  const { rows } = await connection.executeQuery(CompiledQuery.raw('commit'))
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK instead of an error.
  if ((rows[0] as { command?: string } | undefined)?.command === 'ROLLBACK') {
    throw new Error(
      'A statement failed inside the transaction and its error was swallowed; nothing was committed.',
    )
  }
}

function onConnection(db: Db, connection: DatabaseConnection): Tx {
  // Kysely's own provider lets one statement at a time through; here they pipeline.
  const provider: ConnectionProvider = { provideConnection: (consumer) => consumer(connection) }
  const executor = db.getExecutor().withConnectionProvider(provider)
  return new Transaction<DB>({ ...withoutConnections, executor })
}

// Kysely wants these of a Transaction too, but a connection only ever comes from its executor.
const dialect = new PostgresDialect({
  pool: () => Promise.reject(new Error('A transaction opens no connections of its own')),
})
const withoutConnections = { dialect, driver: dialect.createDriver(), config: { dialect } }
