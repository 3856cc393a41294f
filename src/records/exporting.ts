import { addAbortSignal, Readable } from 'node:stream'
import { sql } from 'kysely'
import type { App } from '../app.ts'
import type { Db } from '../db/database.ts'
import { problem } from '../problems.ts'
import { type Entry, zipped } from './archive.ts'
import type { ExportFile } from './exportFiles.ts'

/** What is exported: the files, of whom, and what README.txt says before it lists them. */
export interface Order {
  files: ExportFile[]
  id: string
  words: string
}

const BATCH = 500
const MOST_AT_ONCE = 4
/** Nobody holds a connection, and an old view of the database, for longer. */
const MOST_MS = 600_000
/** Nobody does so for longer than this without taking any of it. */
const MOST_IDLE_MS = 60_000
const PIECE_BYTES = 16_384
const RETRY_AFTER_SECONDS = 30

/** A place among the exports of a process. May be released more than once. */
export interface Place {
  release: () => void
}

/**
 * The exports of this process. Each holds a connection for as long as it is read, so that only a few run at once, and
 * of each user only one.
 */
export class Exports {
  readonly #most: number
  readonly #running = new Set<string>()

  constructor({ config }: Pick<App, 'config'>) {
    this.#most = Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(config.databasePoolSize / 4)))
  }

  /**
   * Holds a place for an export of this user until it is released. Throws `too-many-requests` while they have one
   * already, and `overloaded` when all are taken.
   */
  take(userId: string): Place {
    const retryAfterSeconds = RETRY_AFTER_SECONDS
    if (this.#running.has(userId)) {
      const detail = 'Another export of yours is still being read.'
      throw problem('too-many-requests', undefined, { detail, retryAfterSeconds })
    }
    if (this.#running.size >= this.#most) throw problem('overloaded', undefined, { retryAfterSeconds })
    this.#running.add(userId)
    let isHeld = true
    return {
      release: () => {
        if (isHeld) this.#running.delete(userId)
        isHeld = false
      },
    }
  }
}

/**
 * An archive that is read from the database while it is sent, all of it as it was at one instant. Ends when whoever
 * takes it goes away, and fails when they take nothing for a while. The place is released once nothing is read any more.
 */
export function openArchive(app: App, order: Order, place: Place, at: Date): Readable {
  const giveUp = () => archive.destroy(new Error('Nobody took what was exported'))
  const archive = Readable.from(whileTaken(read(app, order, place, at), giveUp), { objectMode: false })
  archive.once('error', (error) => app.log.error({ error }, 'an export broke off'))
  // It may end before anything is read.
  archive.once('close', place.release)
  return addAbortSignal(AbortSignal.timeout(MOST_MS), archive)
}

/**
 * The same bytes in small pieces, so that whoever takes them slowly is told from whoever takes none: `giveUp` is called
 * when the next piece is not asked for in time. How long the reading takes does not count.
 */
async function* whileTaken(parts: AsyncIterable<Uint8Array>, giveUp: () => void): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    for (let from = 0; from < part.length; from += PIECE_BYTES) {
      const patience = setTimeout(giveUp, MOST_IDLE_MS)
      try {
        yield part.subarray(from, from + PIECE_BYTES)
      } finally {
        clearTimeout(patience)
      }
    }
  }
}

async function* read(app: App, order: Order, place: Place, at: Date): AsyncGenerator<Uint8Array> {
  const view = await app.db
    .startTransaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute()
  try {
    yield* zipped(entriesOf(view, order), at)
  } finally {
    await view
      .rollback()
      .execute()
      .catch(() => undefined)
    place.release()
  }
}

function* entriesOf(view: Db, { files, id, words }: Order): Generator<Entry> {
  const listed = files.map(({ file, about }) => `${file}.json\n  ${about}\n`)
  yield { name: 'README.txt', text: [[words, ...listed].join('\n')] }
  for (const { file, rows } of files) yield { name: `${file}.json`, text: jsonOf(view, rows(id)) }
}

/** A list with one record per line, read some at a time. */
async function* jsonOf(view: Db, rows: ReturnType<ExportFile['rows']>): AsyncGenerator<string> {
  await sql`declare exported no scroll cursor for ${rows}`.execute(view)
  let before = '[\n'
  for (;;) {
    const batch = (await sql`fetch ${sql.lit(BATCH)} from exported`.execute(view)).rows
    if (batch.length > 0) yield before + batch.map((row) => `  ${JSON.stringify(row)}`).join(',\n')
    if (batch.length > 0) before = ',\n'
    if (batch.length < BATCH) break
  }
  await sql`close exported`.execute(view)
  yield before === ',\n' ? '\n]\n' : '[]\n'
}
