import { setTimeout as sleep } from 'node:timers/promises'
import {
  CompiledQuery,
  type ConnectionProvider,
  type DatabaseConnection,
  PostgresDialect,
  Transaction,
} from 'kysely'
import type { Db } from './database.ts'
import { isStalePlan } from './preparingClient.ts'
import type { DB } from './tables.ts'
import { Unavailable } from './unavailable.ts'

/** Writes. Only `inTx` makes one, and only routes, jobs and commands call `inTx`. */
export type Tx = Transaction<DB>

/** `usage` is an account's counts: what decides about access does not depend on them. */
export type Subject =
  | `account:${string}`
  | `user:${string}`
  | `session:${string}`
  | `product-key:${string}`
  | `usage:${string}`
  | 'catalogue'

/** What has changed; everything may have where nobody can tell any more. */
export type Changed = ReadonlySet<Subject> | 'everything'

/**
 * Tells caches of this process what has changed: what its own transactions have as soon as they are committed, what those of
 * other processes have once the tail has seen it. A doorbell: whoever must not miss anything reads the table.
 */
export class Changes {
  readonly #listeners = new Set<(changed: Changed) => void>()
  /** Told of each commit of this process that was announced, by its transaction's id, to ring at the others. */
  ring: (xid: string) => void = () => {}
  listen(listener: (changed: Changed) => void): void {
    this.#listeners.add(listener)
  }
  announce(changed: Changed): void {
    for (const listener of this.#listeners) listener(changed)
  }
}

const changedIn = new WeakMap<Tx, Set<Subject>>()

/** Notes that what is cached about a subject is void once this transaction commits. */
export function changed(tx: Tx, subject: Subject): void {
  changedIn.get(tx)?.add(subject)
}

const SERIALIZATION_FAILURE = '40001'
const DEADLOCK_DETECTED = '40P01'
const FAILED_BEFORE = '25P02'
const MAX_TRIES = 5

/**
 * Runs `work` in one transaction and commits what it did, all or nothing. Statements that `work` issues
 * together (Promise.all) run in the order they were issued and share one round trip, with BEGIN; the error of
 * the first that fails is thrown. Deadlocks and serialization failures are run again, so `work` must do
 * nothing but talk to the database.
 */
export async function inTx<T>(app: { db: Db; changes: Changes }, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await app.db.getExecutor().provideConnection((connection) => runOnce(app, connection, work))
    } catch (error) {
      if (tries >= MAX_TRIES || !mayPassNextTime(error)) throw error
      await sleep(Math.random() * 20 * tries)
    }
  }
}

/** Runs reads on one connection, so that those issued together (Promise.all) share one round trip. */
export async function together<T>(app: { db: Db }, read: (db: Db) => Promise<T>): Promise<T> {
  return app.db.getExecutor().provideConnection(async (connection) => {
    const turn = new Turn(connection)
    try {
      return await read(turn.open(app.db))
    } finally {
      turn.end()
    }
  })
}

async function runOnce<T>(
  app: { db: Db; changes: Changes },
  connection: DatabaseConnection,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const turn = new Turn(connection)
  const tx = turn.open(app.db)
  const subjects = new Set<Subject>()
  changedIn.set(tx, subjects)
  // Not awaited yet: it travels with the first statements of `work`, which the connection keeps in order.
  const begun = connection.executeQuery(CompiledQuery.raw('begin'))
  begun.catch(() => undefined)
  let result: T
  let xid: string | undefined
  let isCommitting = false
  try {
    result = await work(tx)
    await begun
    turn.end()
    isCommitting = true
    xid = await commit(connection, subjects)
  } catch (error) {
    turn.end()
    await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => undefined)
    const cause = codeOf(error) === FAILED_BEFORE ? (turn.firstFailure ?? error) : error
    // Only a commit whose answer is missing may have been one.
    if (cause instanceof Unavailable) cause.mayBeDone = isCommitting
    throw cause
  }
  if (xid !== undefined) {
    app.changes.announce(subjects)
    app.changes.ring(xid)
  }
  return result
}

/** What others must hear of is a row of the same commit, and travels with it. Returns the transaction's id where there is one. */
async function commit(
  connection: DatabaseConnection,
  subjects: ReadonlySet<Subject>,
): Promise<string | undefined> {
  const noting = subjects.size > 0 ? connection.executeQuery<{ xid: string }>(noteOf(subjects)) : undefined
  const [noted, { rows }] = await Promise.all([noting, connection.executeQuery(CompiledQuery.raw('commit'))])
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK instead of an error.
  if ((rows[0] as { command?: string } | undefined)?.command === 'ROLLBACK') {
    throw new Error(
      'A statement failed inside the transaction and its error was swallowed; nothing was committed.',
    )
  }
  return noted?.rows[0]?.xid
}

// In a database that was restored from a dump, ids of transactions begin anew and meet rows of the old ones.
const noteOf = (subjects: ReadonlySet<Subject>) =>
  CompiledQuery.raw(
    `insert into changes (subjects) values ($1)
     on conflict (xid) do update set at = excluded.at, subjects = excluded.subjects
     returning xid`,
    [[...subjects]],
  )

function mayPassNextTime(error: unknown): boolean {
  const code = codeOf(error)
  return code === SERIALIZATION_FAILURE || code === DEADLOCK_DETECTED || isStalePlan(error)
}

const codeOf = (error: unknown) => (error as { code?: unknown } | null)?.code

/**
 * One use of a connection. Statements pipeline in it, where Kysely's own provider lets one at a time through.
 * After its end none gets through: a branch of `work` that goes on after another one has failed would
 * write outside the transaction, or into the next one.
 */
class Turn implements ConnectionProvider {
  readonly #connection: DatabaseConnection
  #isOver = false
  /** Not those that only say that another one failed before. */
  firstFailure: unknown

  constructor(connection: DatabaseConnection) {
    this.#connection = connection
  }

  open(db: Db): Tx {
    const executor = db.getExecutor().withConnectionProvider(this)
    return new Transaction<DB>({ ...withoutConnections, executor })
  }

  end(): void {
    this.#isOver = true
  }

  async provideConnection<T>(consumer: (connection: DatabaseConnection) => Promise<T>): Promise<T> {
    if (this.#isOver) throw new Error('The transaction of this statement is over')
    try {
      return await consumer(this.#connection)
    } catch (error) {
      if (codeOf(error) !== FAILED_BEFORE) this.firstFailure ??= error
      throw error
    }
  }
}

// Kysely wants these of a Transaction too, but a connection only ever comes from its executor.
const dialect = new PostgresDialect({
  pool: () => Promise.reject(new Error('A transaction opens no connections of its own')),
})
const withoutConnections = { dialect, driver: dialect.createDriver(), config: { dialect } }
