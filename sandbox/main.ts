import { CannotStart } from './cannotStart.ts'
import { sandboxVariables } from './environment.ts'
import { type Sandbox, startSandbox } from './startSandbox.ts'
import { welcome } from './welcome.ts'

// A Ctrl-C arrives from the terminal and again from npm; only a later one is a second one.
const SAME_SIGNAL_MS = 1_000
const STOP_WITHIN_MS = 10_000

const help = `Usage: npm start

Starts Frontgate with everything it needs: PostgreSQL, the service, a product that it guards, and the sandbox with
a mailbox and a clock that can be moved. Data is kept between runs; \`npm run sandbox:reset\` empties it.

Variables:
${Object.entries(sandboxVariables)
  .map(([name, meaning]) => `  ${name.padEnd(23)}${meaning}`)
  .join('\n')}
Every variable of the service can be set too: docs/configuration.md describes them.`

await main(process.argv.slice(2))

async function main(args: string[]): Promise<void> {
  if (args.some((arg) => arg === '--help' || arg === '-h')) return console.log(help)
  if (args.length > 0) {
    console.error(`npm start takes no ${args[0]}. \`npm start -- --help\` explains what it takes.`)
    process.exit(2)
  }
  const { promise: failed, resolve: onFailure } = Promise.withResolvers<Error>()
  const starting = startSandbox({ say: (line) => console.log(line), onFailure })
  const signals = stopOnSignals(starting)
  try {
    const sandbox = await starting
    if (!signals.received) console.log(welcome(sandbox))
    await exitOn(failed, sandbox)
  } catch (error) {
    console.error(error instanceof CannotStart ? error.message : error)
    process.exit(1)
  }
}

function stopOnSignals(starting: Promise<Sandbox>): { received: boolean } {
  const signals = { received: false }
  let last = Number.NEGATIVE_INFINITY
  const stop = async () => {
    const isEcho = performance.now() - last < SAME_SIGNAL_MS
    last = performance.now()
    if (isEcho) return
    if (signals.received) process.exit(130)
    signals.received = true
    console.log('\nStopping…')
    // A start that fails is reported by the one who waits for it.
    const sandbox = await starting.catch(() => undefined)
    if (!sandbox) return
    await sandbox.stop()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop())
  return signals
}

async function exitOn(failed: Promise<Error>, sandbox: Sandbox): Promise<never> {
  const { message } = await failed
  console.error(message)
  // Without a database some of it may never finish.
  setTimeout(() => process.exit(1), STOP_WITHIN_MS)
  await sandbox.stop().catch(() => undefined)
  process.exit(1)
}
