import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

// What is counted on from there, such as the end of a session, still has a year of four digits.
const LATEST = Date.UTC(9000, 0, 1)

/** Real time plus an offset that only grows, and that outlives the process. */
export interface Clock {
  now(): Date
  /** How far it is ahead of real time. */
  readonly offsetSeconds: number
  /** Throws a RangeError when `seconds` is no way forward in time. */
  check(seconds: number): void
  /** Moves it for good, if `check` lets it. */
  advance(seconds: number): void
}

/** The clock whose offset is kept in `folder`; real time when nothing is kept there. */
export function openClock(folder: string): Clock {
  const path = clockFile(folder)
  let offsetMs = readOffset(path)
  const movedBy = (seconds: number) => offsetMs + Math.ceil(seconds * 1000)
  const clock: Clock = {
    now: () => new Date(Date.now() + offsetMs),
    get offsetSeconds() {
      return offsetMs / 1000
    },
    check(seconds) {
      if (!(seconds > 0)) throw new RangeError('The clock only moves forward: seconds must be above 0.')
      if (!(Date.now() + movedBy(seconds) < LATEST))
        throw new RangeError('The clock ends with the year 8999.')
    },
    advance(seconds) {
      clock.check(seconds)
      const moved = movedBy(seconds)
      keepOffset(path, moved)
      offsetMs = moved
    },
  }
  return clock
}

/** The file in which the clock of the sandbox in `folder` is kept. */
export function clockFile(folder: string): string {
  return join(folder, 'clock.json')
}

function readOffset(path: string): number {
  let kept: string
  try {
    kept = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
  const offsetMs = parseOffset(kept)
  if (Number.isSafeInteger(offsetMs) && offsetMs >= 0 && Date.now() + offsetMs < LATEST) return offsetMs
  throw new Error(`${path} does not hold a clock. Remove it to return to real time.`)
}

function parseOffset(kept: string): number {
  try {
    return (JSON.parse(kept) as { offset_ms: number }).offset_ms
  } catch {
    return Number.NaN
  }
}

/** A reader sees the old offset or the new one, whenever the process ends. */
function keepOffset(path: string, offsetMs: number): void {
  mkdirSync(dirname(path), { recursive: true })
  const prepared = `${path}.new`
  writeFileSync(prepared, `${JSON.stringify({ offset_ms: offsetMs })}\n`)
  renameSync(prepared, path)
}
