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
  ours: Measured[]
  limit: Measured[]
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
    entries.push({ contest, sides: await contest.prepare(stage), ours: [], limit: [] })
  }
  const { port } = await stage.limit('http')
  const ceiling: Measured[] = []
  for (let round = 0; round <= rounds; round++) {
    const which = round === 0 ? 'warming up' : `round ${round} of ${rounds}`
    for (const entry of entries) {
      say(`${which}: ${entry.contest.name}`)
      await measureBoth(entry, seconds, { oursFirst: round % 2 === 1 })
    }
    say(`${which}: the load generator`)
    ceiling.push(await drive({ port, connections: 16, seconds, next: () => request('GET', '/') }))
    if (round === 0)
      for (const kept of [...entries.flatMap(({ ours, limit }) => [ours, limit]), ceiling]) kept.length = 0
  }
  return {
    findings: entries.map(findingOf),
    generator: {
      ceilingPerSecond: median(ceiling.map(({ perSecond }) => perSecond)),
      busyAtCeiling: median(ceiling.map(({ generatorBusy }) => generatorBusy)),
      busyInContests: Math.max(
        0,
        ...entries.map(({ limit }) => median(limit.map((each) => each.generatorBusy))),
      ),
    },
  }
}

async function measureBoth(
  { sides, ours, limit }: Entry,
  seconds: number,
  { oursFirst }: { oursFirst: boolean },
) {
  if (oursFirst) ours.push(await sides.ours(seconds))
  limit.push(await sides.limit(seconds))
  if (!oursFirst) ours.push(await sides.ours(seconds))
}

function findingOf({ contest, ours, limit }: Entry): Finding {
  const { name, path, against, bound } = contest
  const isLatency = 'atMost' in bound
  const of = (measured: Measured) => (isLatency ? measured.p50 : measured.perSecond)
  return {
    name,
    path,
    unit: isLatency ? 'ms' : 'requests/s',
    ours: median(ours.map(of)),
    limit: { path: against, measured: median(limit.map(of)) },
    value: median(ours.map((each, round) => of(each) / of(limit[round] as Measured))),
    bound,
  }
}
