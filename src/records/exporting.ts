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
const RETRY_AFTER_SECONDS = 30

/** The exports of this process. Each holds a connection for as long as it is read, so that only a few run at once. */
export class Exports {
  readonly #most: number
  #running = 0

  constructor({ config }: Pick<App, 'config'>) {
    this.#most = Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(config.databasePoolSize / 4)))
  }

  /** Holds a place for an export until `release` is called; throws `overloaded` when all are taken. */
  take(): { release: () => void } {
    if (this.#running >= this.#most)
      throw problem('overloaded', undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS })
    this.#running++
    let isHeld = true
    return {
      release: () => {
        if (isHeld) this.#running--
        isHeld = false
      },
    }
  }
}

/**
 * An archive that is read from the database while it is sent, all of it as it was at one instant. Ends when whoever
 * takes it goes away.
 */
export function openArchive(app: App, order: Order, at: Date): Readable {
  const archive = Readable.from(read(app, order, at), { objectMode: false })
  archive.once('error', (error) => app.log.error({ error }, 'an export broke off'))
  return addAbortSignal(AbortSignal.timeout(MOST_MS), archive)
}

async function* read(app: App, order: Order, at: Date): AsyncGenerator<Uint8Array> {
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
