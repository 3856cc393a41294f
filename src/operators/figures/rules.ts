/** How figures can be counted: by days, weeks from Monday, or months, all in UTC. */
export const figurePeriods = ['day', 'week', 'month'] as const
export type FigurePeriod = (typeof figurePeriods)[number]

/** How many periods are told of at once. */
export const MOST_PERIODS = 400

/** How many are told of where nobody says since when. */
const USUAL: Record<FigurePeriod, number> = { day: 30, week: 12, month: 12 }

/** The beginnings of periods, and the end of the last one. */
export type Span =
  | { kind: 'span'; starts: Date[]; end: Date }
  /** Nothing lies between the two. */
  | { kind: 'empty' }
  | { kind: 'too-long' }

/** The periods that lie between two instants at least in part, up to the one that `at` lies in. */
export function spanOf(
  per: FigurePeriod,
  { from, until }: { from: Date | null; until: Date | null },
  at: Date,
): Span {
  const last = until && until <= at ? new Date(until.getTime() - 1) : at
  const lastStart = startOf(per, last)
  const first = from ? startOf(per, from) : stepped(per, lastStart, 1 - USUAL[per])
  if (from && from > last) return { kind: 'empty' }
  if (first < stepped(per, lastStart, 1 - MOST_PERIODS)) return { kind: 'too-long' }
  const starts: Date[] = []
  for (let start = first; start <= lastStart; start = stepped(per, start, 1)) starts.push(start)
  return { kind: 'span', starts, end: stepped(per, lastStart, 1) }
}

function startOf(per: FigurePeriod, at: Date): Date {
  const start = new Date(at)
  start.setUTCHours(0, 0, 0, 0)
  if (per === 'week') start.setUTCDate(start.getUTCDate() - ((start.getUTCDay() + 6) % 7))
  if (per === 'month') start.setUTCDate(1)
  return start
}

function stepped(per: FigurePeriod, start: Date, steps: number): Date {
  const other = new Date(start)
  if (per === 'month') other.setUTCMonth(other.getUTCMonth() + steps)
  else other.setUTCDate(other.getUTCDate() + steps * (per === 'week' ? 7 : 1))
  return other
}
