import type { SpanStart } from '../tracing/spans.ts'

/** As many statements as there are in the code; what is not a statement of ours fills no memory. */
const MOST_KNOWN = 2_000
const LONGEST_TEXT = 500
const known = new Map<string, SpanStart>()

/** How a statement shows in a trace: its text without parameters, which are sent apart, and without literals. */
export function startOf(text: string): SpanStart {
  let start = known.get(text)
  if (!start) {
    start = describe(text)
    if (known.size < MOST_KNOWN) known.set(text, start)
  }
  return start
}

function describe(text: string): SpanStart {
  const plain = text
    .replace(/'(?:[^']|'')*'/g, '?')
    .replace(/\s+/g, ' ')
    .trim()
  const [verb = 'SQL'] = plain.split(/\W/, 1)
  const [, table] = /\b(?:into|update|from) "?([a-z_.]+)/i.exec(plain) ?? []
  const name = [verb.toUpperCase(), table].filter(Boolean).join(' ')
  const shown = plain.length > LONGEST_TEXT ? `${plain.slice(0, LONGEST_TEXT)}…` : plain
  return {
    name,
    kind: 'client',
    attributes: { 'db.system.name': 'postgresql', 'db.query.summary': name, 'db.query.text': shown },
  }
}
