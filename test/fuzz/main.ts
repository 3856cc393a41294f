import { parseArgs } from 'node:util'
import { createScratchDatabase, startScratchPostgres } from '../support/scratchPostgres.ts'
import { aftermath } from './aftermath.ts'
import { holdConnections, sayOddBytes } from './connections.ts'
import { crowd, flood } from './floods.ts'
import { type Failure, type Played, playAll, playRequests } from './play.ts'
import { oneOfEach } from './requests.ts'
import { openStage, type Stage } from './stage.ts'
import { watch } from './watch.ts'

const help = `Usage: npm run test:fuzz -- [options]

Sends the real program what nobody sends in good faith: requests made from openapi.json by every kind of caller, bytes that
are no HTTP, clients that are slow or never read, and floods. Prints what came of it and exits with 1 where an answer was
none of the contract's, a connection was held too long, liveness was late or memory grew past its bound.

  --seconds <n>      how long generated requests are sent (default 120)
  --seed <n>         where they begin; the same seed makes the same ones (default by chance)
  --connections <n>  how many connections at once (default 4000)
  --mib <n>          what the process may hold in memory (default 640)
  --help`

const HELD_EACH = 150
const HELD_WITHIN_MS = 160_000
const FLOOD_EACH = 1_500
const HEALTHY_WITHIN_MS = 5_000

await main()

async function main(): Promise<void> {
  const options = readOptions()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
  const postgres = await startScratchPostgres()
  try {
    const stage = await openStage(await createScratchDatabase(postgres.url, 'fuzz'))
    const wrong = await abuse(stage, options)
    await stage.stop()
    for (const line of wrong) console.log(`\nWRONG: ${line}`)
    console.log(`\n${wrong.length === 0 ? 'passed' : `failed: ${wrong.length} faults`}, seed ${options.seed}`)
    process.exitCode = wrong.length === 0 ? 0 : 1
  } finally {
    await postgres.stop()
  }
}

interface Options {
  seconds: number
  seed: number
  connections: number
  mib: number
}

/** All of it, one after the other, while liveness is looked at. */
async function abuse(stage: Stage, { seconds, seed, connections, mib }: Options): Promise<string[]> {
  const wrong: string[] = []
  const atRest = stage.memory().now
  console.log(`seed ${seed}; ${Math.round(atRest)} MiB at rest`)
  const stopWatching = watch(stage)

  const each: Played = { requests: 0, statuses: new Map(), failures: [] }
  await playAll(stage, oneOfEach(seed), each)
  await stage.renew()
  const began = performance.now()
  const until = () => performance.now() - began > seconds * 1000
  const played = await playRequests(stage, { seed, until, say: () => undefined })
  for (const { requests, statuses, failures } of [each, played]) {
    console.log(`${requests} generated requests: ${shown(statuses)}; ${failures.length} answered wrongly`)
    wrong.push(...failures.map(describe))
  }

  const odd = await sayOddBytes(stage)
  console.log(`bytes that are no good request: ${odd.length} answered wrongly`)
  wrong.push(...odd.map(describe))

  for (const { name, sent, statuses, failures } of [
    ...(await flood(stage, { each: FLOOD_EACH })),
    await crowd(stage, { connections }),
  ]) {
    console.log(`${sent} ${name}: ${shown(statuses)}`)
    wrong.push(...failures.map(describe))
  }

  for (const { name, cutAfterMs, left } of await holdConnections(stage, {
    each: HELD_EACH,
    within: HELD_WITHIN_MS,
  })) {
    console.log(
      `${HELD_EACH} clients, each ${name}: ${left === 0 ? `cut after ${Math.round(cutAfterMs / 1000)} s` : `${left} still held`}`,
    )
    if (left > 0) wrong.push(`${left} connections are held by whoever ${name}`)
  }

  const { looks, failed, slowestMs, mostMiB } = await stopWatching()
  console.log(
    `liveness: ${looks} looks, ${failed} failed, the slowest answered after ${Math.round(slowestMs)} ms`,
  )
  console.log(`memory: ${Math.round(atRest)} MiB at rest, ${Math.round(mostMiB)} MiB at most`)
  if (failed > 0) wrong.push(`liveness was not answered ${failed} times`)
  if (slowestMs > HEALTHY_WITHIN_MS) wrong.push(`liveness took ${Math.round(slowestMs)} ms`)
  if (mostMiB > mib) wrong.push(`the process held ${Math.round(mostMiB)} MiB, more than ${mib}`)
  wrong.push(...(await aftermath(stage)))
  return wrong
}

function shown(statuses: Map<number | string, number>): string {
  return [...statuses]
    .sort(([a], [b]) => String(a).localeCompare(String(b)))
    .map(([status, count]) => `${status} ${count}×`)
    .join(', ')
}

function describe({ what, faults, answer }: Failure): string {
  return `${faults.join('; ')}\n${what}\n${answer}`
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '120' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      connections: { type: 'string', default: '4000' },
      mib: { type: 'string', default: '640' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(help)
    process.exit(0)
  }
  const { seconds, seed, connections, mib } = values
  return { seconds: Number(seconds), seed: Number(seed), connections: Number(connections), mib: Number(mib) }
}
