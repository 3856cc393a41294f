import type { ChildProcess } from 'node:child_process'
import * as fs from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { endServer } from './endServer.ts'
import { endWithUs } from './endWithUs.ts'
import type { Binaries } from './findBinaries.ts'
import { freePort } from './freePort.ts'
import type { Place } from './postgresHome.ts'
import { readPostmaster } from './readPostmaster.ts'
import { cannotRun, spawnProgram } from './spawnProgram.ts'

/** A server that answers on its port. */
export type Server = { pid: number; port: number; stop(): Promise<void> }

type ServerOptions = {
  place: Place
  binaries: Binaries
  log: string
  preferredPort: number
  settings: Record<string, string>
  say: (line: string) => void
  onExit: (reason: Error) => void
}

const PORT_TAKEN = /could not bind .*Address already in use|could not create any TCP\/IP sockets/
const PREDECESSOR_ENDING = /pre-existing shared memory block|lock file "postmaster\.pid" already exists/
const PATIENCE_MS = 15_000
const LOG_LIMIT_BYTES = 10_000_000

/** Starts the server on the preferred port, or on a free one, and waits until it answers. */
export async function runServer(options: ServerOptions): Promise<Server> {
  const until = Date.now() + PATIENCE_MS
  let port = await freePort(options.preferredPort)
  for (;;) {
    const logged = openLog(options.log)
    const outcome = await attempt(options, port, logged.file).finally(() => fs.closeSync(logged.file))
    if (outcome.server) return outcome.server
    const words = fs.readFileSync(options.log).subarray(logged.from).toString()
    if (Date.now() > until || !(PORT_TAKEN.test(words) || PREDECESSOR_ENDING.test(words))) {
      throw new Error(
        `PostgreSQL did not start (${outcome.ending}). Its log, ${options.log}, ends:\n${words.slice(-2000)}`,
      )
    }
    // The processes of a server that was killed take a moment to notice that it is gone.
    if (PORT_TAKEN.test(words)) port = await freePort(0)
    else await delay(100)
  }
}

function openLog(path: string): { file: number; from: number } {
  const size = fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > LOG_LIMIT_BYTES) fs.renameSync(path, `${path}.old`)
  const file = fs.openSync(path, 'a', 0o600)
  return { file, from: fs.fstatSync(file).size }
}

type Outcome = { server: Server; ending?: never } | { server?: never; ending: string }

async function attempt(options: ServerOptions, port: number, log: number): Promise<Outcome> {
  const { place, binaries, onExit } = options
  const child = spawnProgram(place, binaries.postgres, argumentsFor(options, port), ['ignore', log, log])
  const leaveAlone = endWithUs(child, place)
  const ended = endOf(child, place).finally(leaveAlone)
  const ending = await untilReady(child, ended, options)
  if (ending !== 'ready') return { ending }
  const pid = child.pid ?? 0
  let isStopping = false
  void ended.then((how) => {
    if (!isStopping) onExit(new Error(`PostgreSQL ended unexpectedly (${how}). Its log is ${options.log}.`))
  })
  const stop = async () => {
    isStopping = true
    await endServer(pid, binaries)
    await ended
  }
  return { server: { pid, port, stop } }
}

function argumentsFor({ place, settings }: ServerOptions, port: number): string[] {
  const network = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' }
  return [
    '-D',
    place.data,
    ...Object.entries({ ...settings, ...network }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
}

function endOf(child: ChildProcess, place: Place): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(cannotRun(error, place)))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
}

async function untilReady(
  child: ChildProcess,
  ended: Promise<string>,
  { place, say }: ServerOptions,
): Promise<string> {
  const saySlow = setTimeout(() => say('Waiting for PostgreSQL to recover from an interrupted run…'), 3000)
  try {
    for (;;) {
      const ending = await Promise.race([ended, delay(10)])
      if (ending !== undefined) return ending
      const postmaster = readPostmaster(place.data)
      if (postmaster?.pid === child.pid && postmaster?.isReady) return 'ready'
    }
  } finally {
    clearTimeout(saySlow)
  }
}
