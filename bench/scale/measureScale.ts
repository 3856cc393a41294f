import { STATE } from '../contests.ts'
import { eventRequest } from '../events.ts'
import { type Finding, median } from '../findings.ts'
import type { Measured } from '../load.ts'
import type { Rounds } from '../rounds.ts'
import type { Stage } from '../stage.ts'
import {
  consumptions,
  load,
  newTokens,
  reads,
  refreshes,
  sameTokens,
  signIns,
  signUps,
  type Turn,
} from '../turns.ts'
import { asks } from './operatorAsks.ts'
import { openSize, type Size } from './sizes.ts'
import { sweepMs } from './sweepMs.ts'

const COLD_TOKENS_PER_SECOND = 3_000
const PAYERS = 500

/** The hot paths that reach PostgreSQL; what is answered from memory knows no sizes. */
const paths: { path: string; turn: (size: Size) => Turn }[] = [
  { path: 'POST /v1/auth/register', turn: ({ service }) => signUps(service) },
  { path: 'POST /v1/auth/login', turn: ({ service, people }) => signIns(service, people) },
  { path: 'POST /v1/auth/refresh', turn: ({ service, refreshTokens }) => refreshes(service, refreshTokens) },
  {
    path: `GET ${STATE}, cold account`,
    turn: (size) =>
      reads(
        size.service,
        STATE,
        newTokens(size, size.people, { sides: 1, perSecond: COLD_TOKENS_PER_SECOND }),
      ),
  },
  {
    path: 'POST /v1/usage/consume',
    turn: (size) => consumptions(size.service, sameTokens(size, size.people)),
  },
  {
    path: 'POST /v1/webhooks/stripe',
    turn: ({ service, people }) => {
      const paying = people.filter(({ n }) => n % 5 === 1)
      // As many at each size: only the first event of each has a job promised, which costs more than the others.
      const payers = paying.filter((_, i) => i % Math.ceil(paying.length / PAYERS) === 0)
      let turn = 0
      return load(service, () => {
        const n = payers[turn++ % payers.length]?.n
        const payer = { customer: `cus_scale_${n}`, subscription: `sub_scale_${n}` }
        return eventRequest('/v1/webhooks/stripe', payer)
      })
    },
  },
]

/** What something costs at each size, in the order of the sizes. */
export interface Scaled {
  path: string
  /** `µs` is processor time of service and PostgreSQL for a request; `ms` is how long it took alone. */
  unit: 'µs' | 'ms'
  costs: number[]
  /** Milliseconds until the reply, 16 at a time. */
  p50s?: number[]
  /** Against the smallest size, round by round, and the median of that. */
  ratios: number[]
}

export interface Scale {
  sizes: number[]
  scaled: Scaled[]
  findings: Finding[]
}

/** What a hot path may cost with the most users, as a multiple of what it costs with the fewest. */
export const MOST_RATIO = 1.3
/** What a sweep or an operator's question may take with the most users: nobody waits for the first, few ask the second. */
export const MOST_MS = 1_000

/** Measures every path at every size in turn, on databases side by side, and how long sweeps and operators' questions take. */
export async function measureScale(
  stage: Stage,
  users: number[],
  { rounds, seconds, say }: Rounds,
): Promise<Scale> {
  await using started = new AsyncDisposableStack()
  const sizes: Size[] = []
  for (const each of users.toSorted((a, b) => a - b)) sizes.push(await openSize(stage, each, started, say))
  const measured = paths.map(({ path, turn }) => ({
    path,
    turns: sizes.map(turn),
    rounds: [] as Measured[][],
  }))
  for (let round = 0; round <= rounds; round++) {
    for (const { path, turns, rounds: counted } of measured) {
      say(`scale, ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}: ${path}`)
      const each = await inTurn(turns, round, (turn) => turn(seconds))
      if (round > 0) counted.push(each)
    }
  }
  const scaled = [
    ...measured.map(({ path, rounds }) => scaledFrom(path, rounds)),
    ...(await measureTimes(sizes, say)),
  ]
  return { sizes: sizes.map((size) => size.users), scaled, findings: scaled.flatMap(findingsOf(sizes)) }
}

/** Each once, beginning with another one each time, and the outcomes in the order given. */
async function inTurn<T, Outcome>(
  all: T[],
  round: number,
  work: (one: T) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let i = 0; i < all.length; i++) {
    const which = (i + round) % all.length
    outcomes[which] = await work(all[which] as T)
  }
  return outcomes
}

function scaledFrom(path: string, rounds: Measured[][]): Scaled {
  const has = rounds.every((round) => round.every(({ cpuMicros }) => cpuMicros > 0))
  // Where processor time cannot be told, the time that a request took.
  const cost = ({ cpuMicros, p50 }: Measured) => (has ? cpuMicros : p50)
  const of = (value: (measured: Measured, smallest: Measured) => number) =>
    (rounds[0] ?? []).map((_, size) =>
      median(rounds.map((round) => value(round[size] as Measured, round[0] as Measured))),
    )
  return {
    path,
    unit: has ? 'µs' : 'ms',
    costs: of(cost),
    p50s: of(({ p50 }) => p50),
    ratios: of((measured, smallest) => cost(measured) / cost(smallest)),
  }
}

async function measureTimes(sizes: Size[], say: Rounds['say']): Promise<Scaled[]> {
  const scaled: Scaled[] = []
  for (const { what, ms } of [...asks, ...sweepMs]) {
    say(`scale: ${what}`)
    const costs: number[] = []
    for (const size of sizes) costs.push(await ms(size))
    scaled.push({ path: what, unit: 'ms', costs, ratios: costs.map((cost) => cost / (costs[0] ?? 1)) })
  }
  return scaled
}

/** The most users against the fewest, where it is a hot path; the most users alone where it is none. */
function findingsOf(sizes: Size[]): (scaled: Scaled) => Finding[] {
  const most = sizes.length - 1
  const named = (size: number) => `${sizes[size]?.users.toLocaleString('en')} users`
  return ({ path, unit, costs, p50s, ratios }) => {
    const ours = costs[most] ?? Number.NaN
    const common = { name: 'scale', path: `${path}, ${named(most)}`, unit, ours }
    if (!p50s) return [{ ...common, limit: null, value: ours, bound: { atMost: MOST_MS } }]
    const limit = { path: named(0), measured: costs[0] ?? Number.NaN }
    return [{ ...common, limit, value: ratios[most] ?? Number.NaN, bound: { atMost: MOST_RATIO } }]
  }
}
