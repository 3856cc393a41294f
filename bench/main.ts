import { writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { contests } from './contests.ts'
import { type Finding, isMet, tableOf } from './findings.ts'
import { compareMemory, compareStarts } from './footprint.ts'
import { measureGuard } from './guard.ts'
import { measureReach } from './reach.ts'
import { type GeneratorCheck, holdContests, type Rounds } from './rounds.ts'
import { countRoundTrips } from './roundTrips.ts'
import { openStage, type Stage } from './stage.ts'
import { measureStream } from './stream.ts'

const OTHERS = ['stream', 'guard', 'reach', 'round-trips', 'start', 'memory']
const names = [...contests.map(({ name }) => name), ...OTHERS]

const help = `Usage: npm run bench -- [options]

Measures each path of the service beside its own limit, in turn, on this machine, and says whether the ratio is
what docs/performance.md asks. Takes a few minutes; exits with 1 when a ratio is missed.

  --rounds <n>      rounds that count, after one that warms up (default 5)
  --seconds <n>     how long each side is measured in a round (default 1)
  --only <name>     only this; may be given several times
  --json <file>     write the outcome as JSON too
  --help

Names: ${names.join(', ')}.
The database is kept in .frontgate/bench, or where FRONTGATE_BENCH says.`

await main()

async function main(): Promise<void> {
  const { only, json, ...rounds } = readOptions()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
  await using started = new AsyncDisposableStack()
  rounds.say('starting PostgreSQL')
  const stage = await openStage(started)
  const { findings, generator } = await measure(stage, only, rounds)
  rounds.say('')
  console.log(tableOf(findings))
  if (generator) console.log(`\n${describeGenerator(generator)}`)
  const missed = findings.filter((finding) => !isMet(finding))
  console.log(
    `\n${missed.length === 0 ? 'All ratios are met.' : `${missed.length} of ${findings.length} missed.`}`,
  )
  const machine = describeMachine(stage)
  if (json) {
    const judged = findings.map((finding) => ({ ...finding, isMet: isMet(finding) }))
    await writeFile(
      json,
      `${JSON.stringify({ at: new Date(), machine, generator, findings: judged }, null, 2)}\n`,
    )
  }
  process.exitCode = missed.length === 0 ? 0 : 1
}

async function measure(stage: Stage, only: Set<string>, rounds: Rounds) {
  const footprint: Finding[] = []
  // First, while no other server takes its share of memory and time.
  if (only.has('start')) footprint.push(await compareStarts(stage, rounds))
  if (only.has('memory')) footprint.push(...(await compareMemory(stage, rounds)))
  const stream = only.has('stream') ? await measureStream(stage, rounds) : []
  const guard = only.has('guard') ? await measureGuard(stage, rounds) : []
  const reach = only.has('reach') ? [await measureReach(stage, rounds)] : []
  const roundTrips = only.has('round-trips') ? await countRoundTrips(stage, rounds) : []
  const chosen = contests.filter(({ name }) => only.has(name))
  const held = chosen.length > 0 ? await holdContests(stage, chosen, rounds) : undefined
  return {
    findings: [...(held?.findings ?? []), ...stream, ...guard, ...reach, ...roundTrips, ...footprint],
    generator: held?.generator,
  }
}

function describeGenerator({ ceilingPerSecond, busyAtCeiling, busyInContests }: GeneratorCheck): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`
  return (
    `The load generator reaches ${Math.round(ceilingPerSecond)} requests/s at bare node:http, ${percent(busyAtCeiling)} busy;` +
    ` no limit above kept it more than ${percent(busyInContests)} busy.`
  )
}

function describeMachine({ postgresVersion }: Stage) {
  return {
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    postgres: postgresVersion,
  }
}

/** On a terminal, what is being done right now, in one line. */
function say(doing: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${doing}`)
}

function readOptions(): Rounds & { only: Set<string>; json: string | undefined } {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '1' },
      only: { type: 'string', multiple: true, default: names },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const rounds = Number(values.rounds)
  const seconds = Number(values.seconds)
  const unknown = values.only.filter((name) => !names.includes(name))
  if (values.help) {
    console.log(help)
    process.exit(0)
  }
  if (!(rounds >= 1) || !(seconds > 0) || unknown.length > 0) {
    console.error(
      unknown.length > 0 ? `There is no ${unknown.join(', ')}.` : 'Rounds and seconds are numbers.',
    )
    console.error(`\n${help}`)
    process.exit(2)
  }
  return { rounds, seconds, say, only: new Set(values.only), json: values.json }
}
