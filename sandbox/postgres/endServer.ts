import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { identifyProcess } from '../../scripts/lock.mjs'
import type { Binaries } from './findBinaries.ts'

// A fast shutdown; one that waits for nothing; and, for a server that is stuck, the end.
const STEPS = [
  { signal: 'INT', patienceMs: 10_000 },
  { signal: 'QUIT', patienceMs: 5_000 },
  { signal: 'KILL', patienceMs: 5_000 },
]

/** Shuts the server with this process id down and waits until it is gone, less gently the longer it takes. */
export async function endServer(pid: number, binaries: Binaries): Promise<void> {
  const identity = identifyProcess(pid)
  const isRunning = () => identity !== undefined && identifyProcess(pid) === identity
  for (const { signal, patienceMs } of STEPS) {
    if (isRunning()) sendSignal(pid, signal, binaries)
    for (const until = Date.now() + patienceMs; isRunning() && Date.now() < until; ) await delay(10)
  }
  if (isRunning()) throw new Error(`PostgreSQL (pid ${pid}) cannot be stopped.`)
}

function sendSignal(pid: number, signal: string, { pgCtl }: Binaries): void {
  try {
    // Windows has no signals; PostgreSQL brings its own.
    if (process.platform === 'win32') execFileSync(pgCtl, ['kill', signal, String(pid)])
    else process.kill(pid, `SIG${signal}`)
  } catch (error) {
    if (identifyProcess(pid) !== undefined) throw error
  }
}
