import { closeSync, openSync, renameSync, statSync } from 'node:fs'
import { type DestinationStream, destination } from 'pino'

const LARGEST_BYTES = 10_000_000

/** A log that is written to a file, and put aside at the start once it has grown large. */
export function openLogFile(path: string): DestinationStream & { close(): void } {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > LARGEST_BYTES) renameSync(path, `${path}.old`)
  const file = openSync(path, 'a', 0o600)
  const stream = destination({ fd: file, sync: false })
  return Object.assign(stream, {
    close() {
      stream.flushSync()
      closeSync(file)
    },
  })
}
