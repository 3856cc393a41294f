import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Store, Write } from '../store.ts'

const FILE = 'stripe.jsonl'
// Below this it is not worth the while.
const COMPACT_FROM_BYTES = 256 * 1024

/** Keeps changes on disk, one line each. */
export interface Journal {
  append(writes: Write[]): void
  close(): void
}

/** The file in which the sandbox in `folder` keeps what its Stripe holds. */
export function journalFile(folder: string): string {
  return join(folder, FILE)
}

/**
 * Gives the store what earlier runs wrote to the journal in `folder`, and answers with it, open for more. Half a
 * last line, of a run that ended while it wrote, is cut: that change was never answered.
 */
export function openJournal(folder: string, store: Store): Journal {
  mkdirSync(folder, { recursive: true })
  const path = journalFile(folder)
  rmSync(`${path}.new`, { force: true })
  const whole = readWhole(path)
  for (const line of whole.split('\n')) if (line) store.restore(readLine(line, path))
  compact(path, whole, store)
  const file = openSync(path, 'a', 0o600)
  return {
    append: (writes) => void writeSync(file, `${JSON.stringify(writes)}\n`),
    close: () => closeSync(file),
  }
}

function readWhole(path: string): string {
  let kept: string
  try {
    kept = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
  const whole = kept.slice(0, kept.lastIndexOf('\n') + 1)
  if (whole.length < kept.length) truncateSync(path, Buffer.byteLength(whole))
  return whole
}

function readLine(line: string, path: string): Write[] {
  try {
    return JSON.parse(line) as Write[]
  } catch {
    throw new Error(`${path} holds a line that is no change. \`npm run sandbox:reset\` empties it.`)
  }
}

/** Rewrites it as one line per object once most of it is history. */
function compact(path: string, whole: string, store: Store): void {
  if (whole.length < COMPACT_FROM_BYTES) return
  const content = store.contents().map((write) => `${JSON.stringify([write])}\n`)
  if (whole.length <= 2 * content.reduce((length, line) => length + line.length, 0)) return
  writeFileSync(`${path}.new`, content.join(''), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}
