/** How a finding is judged: `atLeast` and `atMost` are asked of `value`; null where it is only told. */
export type Bound = { atLeast: number } | { atMost: number } | null

/** One line of the outcome. */
export interface Finding {
  name: string
  /** What was measured. */
  path: string
  unit: 'requests/s' | 'events/s' | 'reads/s' | 'ms' | 'µs' | 'ns' | 'MiB' | 'B' | 'round trips'
  ours: number
  /** What it was held against, in this run; null where the bound is a plain number. */
  limit: { path: string; measured: number } | null
  /** The ratio of the two where there is a limit, taken round by round and the median of them; else `ours`. */
  value: number
  bound: Bound
  /** What a request cost each server's process, whatever else the machine was doing. */
  cpuMicros?: { ours: number; limit: number }
}

/** Whether a finding is within its bound. */
export function isMet({ value, bound }: Finding): boolean {
  if (!bound) return true
  return 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost
}

/** The middle of several values. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The findings as a Markdown table; nothing where there are none. */
export function tableOf(findings: Finding[]): string {
  const head = ['', 'path', 'measured', 'limit', '', 'ratio', 'asked', 'CPU per request']
  const rows = findings.map((finding) => [
    finding.bound === null ? '' : isMet(finding) ? 'ok' : 'MISSED',
    finding.path,
    `${show(finding.ours)} ${finding.unit}`,
    finding.limit?.path ?? '',
    finding.limit ? show(finding.limit.measured) : '',
    finding.limit ? finding.value.toFixed(2) : '',
    describeBound(finding.bound),
    finding.cpuMicros?.ours ? `${show(finding.cpuMicros.ours)} / ${show(finding.cpuMicros.limit)} µs` : '',
  ])
  return rows.length > 0 ? tableFrom(head, rows) : ''
}

/** A Markdown table whose columns are as wide as they need to be. */
export function tableFrom(head: string[], rows: string[][]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

function describeBound(bound: Bound): string {
  if (!bound) return ''
  return 'atLeast' in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`
}

/** A figure with as many places as it is worth. */
export function show(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 })
}
