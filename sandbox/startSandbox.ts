import { join } from 'node:path'
import { CannotStart } from './cannotStart.ts'
import { dataFolder, type Environment, readEnvironment } from './environment.ts'
import { claimPorts } from './ports.ts'
import { freePort } from './postgres/freePort.ts'
import { holdFolder } from './postgres/holdFolder.ts'
import { startPostgres } from './postgres/startPostgres.ts'

/** What to start, and where to keep it. */
export interface SandboxOptions {
  /** The service's variables and the sandbox's; a port of 0 is any that is free. */
  env?: NodeJS.ProcessEnv
  /** Unset: what FRONTGATE_DATA names, or .frontgate beside package.json. */
  folder?: string
  /** Takes lines for the person who waits. */
  say?: (line: string) => void
  /** Called once when the database ends though nobody stopped it; `stop` is still to be called. */
  onFailure?: (reason: Error) => void
}

/** A running service with the world around it. */
export interface Sandbox {
  serviceUrl: string
  sandboxUrl: string
  /** The product that the service guards here; null where it is off. */
  productUrl: string | null
  /** The log of the service. */
  logPath: string
  /** What was switched off, in a line each. */
  off: string[]
  stop(): Promise<void>
}

/**
 * Starts the database, the mailbox, the service with its worker, the sandbox's own server and the product; answers once
 * the service is ready. Throws CannotStart, with everything stopped again, for what the caller can put right.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { env = process.env, folder = dataFolder(env), say = () => {}, onFailure = () => {} } = options
  const environment = readEnvironment(await withPorts(env), folder)
  const { serviceUrl, sandboxPort, servicePort, product, off } = environment
  const logPath = join(folder, 'service.log')
  const stopping = new AbortController()
  const started = new AsyncDisposableStack()
  const stop = () => {
    stopping.abort()
    return started.disposeAsync()
  }
  try {
    // Loaded while PostgreSQL starts.
    const loading = import('./runFrontgate.ts')
    loading.catch(() => undefined)
    started.defer(await explained(holdFolder(folder, say)))
    await claimPorts({
      PORT: servicePort,
      SANDBOX_PORT: sandboxPort,
      ...(product && { RUNBOOKS_PORT: product.port }),
    })
    const databaseUrl = await openDatabase(environment, started, say, onFailure)
    const { runFrontgate } = await loading
    await runFrontgate({ environment, databaseUrl, logPath, say, stopping: stopping.signal, started })
  } catch (error) {
    await stop()
    throw error
  }
  const [sandboxUrl, productUrl] = [`http://localhost:${sandboxPort}`, product?.url ?? null]
  return { serviceUrl, sandboxUrl, productUrl, logPath, off, stop: once(stop) }
}

async function withPorts(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const chosen: NodeJS.ProcessEnv = {}
  for (const name of ['PORT', 'SANDBOX_PORT', 'RUNBOOKS_PORT']) {
    if (env[name]?.trim() === '0') chosen[name] = String(await freePort(0))
  }
  return { ...env, ...chosen }
}

async function openDatabase(
  { databaseUrl, folder }: Environment,
  started: AsyncDisposableStack,
  say: (line: string) => void,
  onExit: (reason: Error) => void,
): Promise<string> {
  if (databaseUrl) return databaseUrl
  const postgres = await explained(startPostgres({ folder: join(folder, 'postgres'), say, onExit }))
  started.defer(() => postgres.stop())
  return postgres.url
}

/** What these say when they fail is already meant for the person at the terminal. */
function explained<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: Error) => {
    throw new CannotStart(error.message, error)
  })
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}
