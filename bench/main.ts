import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { contests } from './contests.ts'
import { type Finding, isMet, tableOf } from './findings.ts'
import { compareMemory, compareStarts } from './footprint.ts'
import { measureGuard } from './guard.ts'
import { fillPage, type Outcome, sectionsOf } from './page.ts'
import { peerContests } from './peerContests.ts'
import { measureReach } from './reach.ts'
import { type GeneratorCheck, holdContests, type Rounds } from './rounds.ts'
import { countRoundTrips } from './roundTrips.ts'
import { measureScale } from './scale/measureScale.ts'
import { openStage, type Stage } from './stage.ts'
import { measureStorm } from './storm/measureStorm.ts'
import { measureStream } from './stream.ts'

const allContests = [...contests, ...peerContests]
const OTHERS = ['stream', 'guard', 'reach', 'round-trips', 'start', 'memory', 'storm', 'scale']
const names = [...allContests.map(({ name }) => name), ...OTHERS]
const SIZES = [10_000, 100_000, 1_000_000]

const help = `Usage: npm run bench -- [options]

Measures each path of the service in turn with what it is held against: its own limit, better-auth with its Stripe plugin,
and itself with fewer users. Says what is missed, and exits with 1 when something is. Takes about twenty minutes, and ten
more the first time: what is compared with is installed then, and databases are filled.

  --rounds <n>      rounds that count, after one that warms up (default 5)
  --seconds <n>     how long each side is measured in a round (default 1)
  --only <name>     only this; may be given several times
  --without <name>  not this; may be given several times
  --users <n>       a size for scale; may be given several times (default ${SIZES.join(', ')})
  --accounts <n>    accounts in the storm (default 1000)
  --json <file>     write the outcome as JSON too
  --write <file>    put the tables where the marks in this Markdown file are, such as docs/performance.md
  --help

Names: ${names.join(', ')}.
Databases are kept in .frontgate/bench, or where FRONTGATE_BENCH says.`

await main()

async function main(): Promise<void> {
  const { only, json, write, ...options } = readOptions()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
  const began = performance.now()
  await using started = new AsyncDisposableStack()
  options.say('starting PostgreSQL')
  const stage = await openStage(started)
  const measured = await measure(stage, only, options)
  options.say('')
  const { rounds, seconds } = options
  const minutes = Math.max(1, Math.round((performance.now() - began) / 60_000))
  const outcome = { at: new Date(), machine: describeMachine(stage), rounds, seconds, minutes, ...measured }
  for (const { heading, text } of sectionsOf(outcome)) console.log(`## ${heading}\n\n${text}\n`)
  if (json) await writeFile(json, `${JSON.stringify(judged(outcome), null, 2)}\n`)
  if (write) await writeFile(write, fillPage(await readFile(write, 'utf8'), outcome))
  process.exitCode = conclude(outcome.findings)
}

/** Last of all, what is missed. */
function conclude(findings: Finding[]): number {
  const missed = findings.filter((finding) => !isMet(finding))
  const asked = findings.filter(({ bound }) => bound !== null)
  if (missed.length === 0) {
    console.log(`All ${asked.length} are met.`)
    return 0
  }
  console.log(`${missed.length} of ${asked.length} missed:\n\n${tableOf(missed)}`)
  return 1
}

interface Options extends Rounds {
  users: number[]
  accounts: number
}

async function measure(stage: Stage, only: Set<string>, options: Options) {
  const footprint: Finding[] = []
  // First, while no other server takes its share of memory and time.
  if (only.has('start')) footprint.push(...(await compareStarts(stage, options)))
  if (only.has('memory')) footprint.push(...(await compareMemory(stage, options)))
  const storm = only.has('storm') ? await measureStorm(stage, options) : []
  const stream = only.has('stream') ? await measureStream(stage, options) : []
  const guard = only.has('guard') ? await measureGuard(stage, options) : []
  const reach = only.has('reach') ? [await measureReach(stage, options)] : []
  const roundTrips = only.has('round-trips') ? await countRoundTrips(stage, options) : []
  const chosen = allContests.filter(({ name }) => only.has(name))
  const held = chosen.length > 0 ? await holdContests(stage, chosen, options) : undefined
  await stage.rest()
  const scale = only.has('scale') ? await measureScale(stage, options.users, options) : undefined
  const findings = [
    ...(held?.findings ?? []),
    ...roundTrips,
    ...footprint,
    ...guard,
    ...stream,
    ...reach,
    ...storm,
  ]
  return {
    generator: held && describeGenerator(held.generator),
    scale,
    findings: [...findings, ...(scale?.findings ?? [])],
  }
}

function judged({ findings, ...rest }: Outcome): object {
  return { ...rest, findings: findings.map((finding) => ({ ...finding, isMet: isMet(finding) })) }
}

function describeGenerator({ ceilingPerSecond, busyAtCeiling, busyInContests }: GeneratorCheck): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`
  return (
    `The load generator reaches ${Math.round(ceilingPerSecond)} requests/s at bare node:http, ${percent(busyAtCeiling)} busy;` +
    ` nothing it measured here kept it more than ${percent(busyInContests)} busy.`
  )
}

function describeMachine({ cluster }: Stage): string {
  const memory = Math.round(totalmem() / 2 ** 30)
  const cores = cpus().length
  return (
    `${cores} ${cores === 1 ? 'core' : 'cores'}, ${memory} GiB, ${process.platform} ${process.arch},` +
    ` Node ${process.versions.node}, PostgreSQL ${cluster.version} with 1 GB of shared_buffers`
  )
}

/** On a terminal, what is being done right now, in one line. */
function say(doing: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${doing}`)
}

function readOptions() {
  const several = { type: 'string', multiple: true } as const
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '1' },
      accounts: { type: 'string', default: '1000' },
      only: { ...several, default: names },
      without: { ...several, default: [] },
      users: { ...several, default: SIZES.map(String) },
      json: { type: 'string' },
      write: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    console.log(help)
    process.exit(0)
  }
  const { only, without, json, write } = values
  const [rounds, seconds, accounts] = [values.rounds, values.seconds, values.accounts].map(Number) as [
    number,
    number,
    number,
  ]
  const users = values.users.map(Number)
  const unknown = [...only, ...without].filter((name) => !names.includes(name))
  if (unknown.length > 0) refuse(`There is no ${unknown.join(', ')}.`)
  if (
    ![rounds, accounts, ...users].every((count) => Number.isInteger(count) && count >= 1) ||
    !(seconds > 0)
  ) {
    refuse('Rounds, users and accounts are whole numbers, seconds are a number.')
  }
  const chosen = new Set(only.filter((name) => !without.includes(name)))
  return { rounds, seconds, accounts, users, say, only: chosen, json, write }
}

function refuse(why: string): never {
  console.error(`${why}\n\n${help}`)
  process.exit(2)
}
