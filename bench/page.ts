import { type Finding, isMet, show, tableFrom, tableOf } from './findings.ts'
import { MOST_MS, MOST_RATIO, type Scale } from './scale/measureScale.ts'

/** Everything that a run has found. */
export interface Outcome {
  at: Date
  machine: string
  rounds: number
  seconds: number
  minutes: number
  generator: string | undefined
  findings: Finding[]
  scale: Scale | undefined
}

interface Section {
  /** Where it goes in a page: between `<!-- bench: <mark> -->` and `<!-- end -->`. */
  mark: string
  heading: string
  text: string
}

/** What was measured, as Markdown, which reads as well in a terminal; only sections that this run has something for. */
export function sectionsOf({
  at,
  machine,
  rounds,
  seconds,
  minutes,
  generator,
  findings,
  scale,
}: Outcome): Section[] {
  const named = (...prefixes: string[]) =>
    findings.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)))
  const apart = ['peer-', 'guard', 'stream', 'reach', 'storm', 'scale', 'start', 'memory', 'round-trips']
  const limits = findings.filter(({ name }) => !apart.some((prefix) => name.startsWith(prefix)))
  const missed = findings.filter((finding) => !isMet(finding))
  const sections: Section[] = [
    {
      mark: 'run',
      heading: 'The run',
      text:
        `${at.toISOString().slice(0, 10)}, ${machine}, the load generator on the same machine; 16 connections, ${rounds} rounds of ${seconds} s,` +
        ` ${minutes} minutes in all. ${generator ?? ''}`.trimEnd(),
    },
    { mark: 'limits', heading: 'Against the least there is', text: tableOf(limits) },
    {
      mark: 'footprint',
      heading: 'Round trips, start, memory',
      text: tableOf(named('round-trips', 'start', 'memory')),
    },
    { mark: 'peer', heading: 'Against better-auth', text: tableOf(named('peer-')) },
    { mark: 'scale', heading: 'By the number of users', text: scale ? scaleTable(scale) : '' },
    { mark: 'storm', heading: 'A renewal storm', text: tableOf(named('storm')) },
    {
      mark: 'product',
      heading: 'In the product’s process',
      text: tableOf(named('guard', 'stream', 'reach')),
    },
    {
      mark: 'missed',
      heading: 'Missed',
      text:
        missed.length > 0
          ? missed.map(({ path, limit }) => `- ${path}${limit ? `, against ${limit.path}` : ''}`).join('\n')
          : 'Nothing.',
    },
  ]
  return sections.filter(({ text }) => text !== '')
}

/** The page with each marked section as this run has it; what it did not measure stays as it was. */
export function fillPage(page: string, outcome: Outcome): string {
  return sectionsOf(outcome).reduce((filled, { mark, text }) => {
    const between = new RegExp(`(<!-- bench: ${mark} -->\n)[^]*?(\n<!-- end -->)`)
    return filled.replace(between, (_, before: string, after: string) => `${before}\n${text}\n${after}`)
  }, page)
}

function scaleTable({ sizes, scaled, findings }: Scale): string {
  const named = sizes.map((size) => size.toLocaleString('en'))
  const hot = scaled.filter(({ p50s }) => p50s)
  const alone = scaled.filter(({ p50s }) => !p50s)
  const mark = (path: string) => {
    const found = findings.find((finding) => finding.path.startsWith(`${path}, `))
    return found && !isMet(found) ? 'MISSED' : 'ok'
  }
  const largest = sizes.length - 1
  const hotTable = tableFrom(
    [
      '',
      'path',
      ...named.map((size) => `CPU at ${size}`),
      ...named.slice(1).map((size) => `ratio at ${size}`),
      'asked',
      'p50',
    ],
    hot.map(({ path, unit, costs, ratios, p50s }) => [
      mark(path),
      path,
      ...costs.map((cost) => `${show(cost)} ${unit}`),
      ...ratios.slice(1).map((ratio) => ratio.toFixed(2)),
      `≤ ${MOST_RATIO}`,
      `${(p50s ?? []).map(show).join(' / ')} ms`,
    ]),
  )
  const aloneTable = tableFrom(
    ['', 'asked or swept alone', ...named, 'asked of the last'],
    alone.map(({ path, costs }) => [
      mark(path),
      path,
      ...costs.map((cost) => `${show(cost)} ms`),
      `≤ ${show(MOST_MS)} ms`,
    ]),
  )
  return largest < 0 ? '' : `${hotTable}\n\n${aloneTable}`
}
