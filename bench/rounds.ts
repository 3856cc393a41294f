import type { Contest, Sides } from './contests.ts'
import { type Finding, median } from './findings.ts'
import { drive, type Measured, request } from './load.ts'
import type { Stage } from './stage.ts'

export interface Rounds {
  rounds: number
  seconds: number
  say: (doing: string) => void
}

/** How fast the load generator is by itself, at a server that does nothing, and how busy the contests kept it. */
export interface GeneratorCheck {
  ceilingPerSecond: number
  busyAtCeiling: number
  busyInContests: number
}

interface Entry {
  contest: Contest
  sides: Sides
  rounds: { ours: Measured; limit: Measured }[]
}

/**
 * Measures all contests round by round, so that what else the machine does falls on all of them, and the two
 * sides of one right after each other. A first round, which warms everything up, does not count.
 */
export async function holdContests(
  stage: Stage,
  contests: Contest[],
  { rounds, seconds, say }: Rounds,
): Promise<{ findings: Finding[]; generator: GeneratorCheck }> {
  const entries: Entry[] = []
  for (const contest of contests) {
    say(`preparing ${contest.name}`)
    entries.push({ contest, sides: await contest.prepare(stage), rounds: [] })
  }
  const server = await stage.limit('http')
  const ceiling: Measured[] = []
  for (let round = 0; round <= rounds; round++) {
    const which = round === 0 ? 'warming up' : `round ${round} of ${rounds}`
    for (const { contest, sides, rounds: counted } of entries) {
      say(`${which}: ${contest.name}`)
      const both = await measureBoth(sides, seconds, { oursFirst: round % 2 === 1 })
      if (round > 0) counted.push(both)
    }
    say(`${which}: the load generator`)
    const alone = await drive({ server, connections: 16, seconds, next: () => request('GET', '/') })
    if (round > 0) ceiling.push(alone)
  }
  return {
    findings: entries.map(findingOf),
    generator: {
      ceilingPerSecond: median(ceiling.map(({ perSecond }) => perSecond)),
      busyAtCeiling: median(ceiling.map(({ generatorBusy }) => generatorBusy)),
      busyInContests: Math.max(
        0,
        ...entries.map((entry) => median(entry.rounds.map(({ limit }) => limit.generatorBusy))),
      ),
    },
  }
}

async function measureBoth(sides: Sides, seconds: number, { oursFirst }: { oursFirst: boolean }) {
  const first = await (oursFirst ? sides.ours : sides.limit)(seconds)
  const second = await (oursFirst ? sides.limit : sides.ours)(seconds)
  return oursFirst ? { ours: first, limit: second } : { ours: second, limit: first }
}

function findingOf({ contest: { name, path, against, bound }, rounds }: Entry): Finding {
  const isLatency = !bound || 'atMost' in bound
  const of = (measured: Measured) => (isLatency ? measured.p50 : measured.perSecond)
  return {
    name,
    path,
    unit: isLatency ? 'ms' : 'requests/s',
    ours: median(rounds.map(({ ours }) => of(ours))),
    limit: { path: against, measured: median(rounds.map(({ limit }) => of(limit))) },
    value: median(rounds.map(({ ours, limit }) => of(ours) / of(limit))),
    bound,
    ...(!isLatency && {
      cpuMicros: {
        ours: median(rounds.map(({ ours }) => ours.cpuMicros)),
        limit: median(rounds.map(({ limit }) => limit.cpuMicros)),
      },
    }),
  }
}
