import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { App } from '../../src/app.ts'
import { packageRoot } from '../../src/packageRoot.ts'
import { createDatabase } from '../postgres/createDatabase.ts'
import { endWithUs } from '../postgres/endWithUs.ts'
import { buildPages, pagesFolder } from './buildPages.ts'
import { keptProductKey } from './keptProductKey.ts'

const root = fileURLToPath(packageRoot)
const READY_WITHIN_MS = 15_000
const STOP_WITHIN_MS = 5_000
const SHORTEST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
const STEADY_AFTER_MS = 60_000

/** Where the product is to be, and what it is told. */
export interface Product {
  folder: string
  port: number
  databaseUrl: string
  /** Takes lines for the person at the terminal. */
  say: (line: string) => void
}

/** The product beside the service, in a process of its own. */
export interface RunningProduct {
  /** Ends once it answers, or has not for a while. */
  ready: Promise<void>
  stop(): Promise<void>
}

function productLog(folder: string): string {
  return join(folder, 'runbooks.log')
}

/** Starts the product, with its pages built in the background, and starts it again when it ends before it is stopped. */
export async function runProduct(app: App, product: Product): Promise<RunningProduct> {
  const { folder, port, say } = product
  await createDatabase(product.databaseUrl)
  const env = await environmentFor(app, product)
  const stopping = new AbortController()
  const programs = new Set<ChildProcess>()
  const keep = (program: ChildProcess) => {
    programs.add(program)
    const leaveAlone = endWithUs(program, { folder, home: folder, data: folder })
    program.once('exit', () => {
      programs.delete(program)
      leaveAlone()
    })
  }
  const running = keepRunning(folder, env, { say, keep, stopping: stopping.signal })
  const building = buildPages(root, keep, stopping.signal).catch((error: Error) => {
    if (!stopping.signal.aborted) say(error.message)
  })
  return {
    ready: untilReady(`http://localhost:${port}/healthz`, stopping.signal),
    async stop() {
      stopping.abort()
      for (const program of programs) program.kill('SIGINT')
      const late = setTimeout(() => {
        for (const program of programs) program.kill('SIGKILL')
      }, STOP_WITHIN_MS)
      await Promise.all([running, building])
      clearTimeout(late)
    },
  }
}

/** Only what the product needs to know: the secrets of the service are none of its business. */
async function environmentFor(app: App, { folder, port, databaseUrl }: Product) {
  const { NODE_COMPILE_CACHE, PATH } = process.env
  return {
    PATH,
    ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }),
    NODE_ENV: 'production',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    FRONTGATE_URL: app.config.publicUrl,
    FRONTGATE_AUDIENCE: app.config.tokenAudience,
    FRONTGATE_PRODUCT_KEY: await keptProductKey(app, folder),
    PAGES_FOLDER: pagesFolder(root),
  }
}

interface Keeping {
  say: (line: string) => void
  keep: (program: ChildProcess) => void
  stopping: AbortSignal
}

async function keepRunning(
  folder: string,
  env: NodeJS.ProcessEnv,
  { say, keep, stopping }: Keeping,
): Promise<void> {
  let pauseMs = SHORTEST_PAUSE_MS
  while (!stopping.aborted) {
    const began = performance.now()
    const log = openSync(productLog(folder), 'a', 0o600)
    const program = spawn(process.execPath, [join(root, 'examples/runbooks/src/main.ts')], {
      cwd: join(root, 'examples/runbooks'),
      env,
      stdio: ['ignore', log, log],
      // A Ctrl-C in the terminal is for us, and we pass it on.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    closeSync(log)
    keep(program)
    const [code, signal] = await once(program, 'exit')
    if (stopping.aborted) return
    pauseMs = performance.now() - began > STEADY_AFTER_MS ? SHORTEST_PAUSE_MS : pauseMs
    const how = signal ?? `exit code ${code}`
    say(
      `The product ended (${how}) and is started again in ${pauseMs / 1000} s. Its log is ${productLog(folder)}.`,
    )
    await delay(pauseMs, undefined, { signal: stopping }).catch(() => undefined)
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
  }
}

async function untilReady(url: string, stopping: AbortSignal): Promise<void> {
  const until = performance.now() + READY_WITHIN_MS
  while (performance.now() < until && !stopping.aborted) {
    const response = await fetch(url).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok) return
    await delay(20)
  }
}
