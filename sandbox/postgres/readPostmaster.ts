import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a running server wrote about itself: its process, its port, and whether it answers yet. */
export type Postmaster = { pid: number; port: number; isReady: boolean }

/** Reads postmaster.pid of a data folder; null when there is none. It may be of a server that has died. */
export function readPostmaster(data: string): Postmaster | null {
  const text = readIfThere(join(data, 'postmaster.pid'))
  // Its lines: process, data folder, start time, port, socket folder, address, shared memory, status.
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Number(lines[0])
  return pid > 0 ? { pid, port: Number(lines[3]), isReady: lines[7] === 'ready' } : null
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
