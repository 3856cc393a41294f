import { problems } from '../src/problems.ts'
import type { GeneratedFile } from './generated.ts'

const note = '<!-- Made from src/problems.ts by `npm run generate`. -->'

/** docs/problems: an index, and a page per code. */
export function documentProblems(): GeneratedFile[] {
  const entries = Object.entries(problems).sort(([, a], [, b]) => a.status - b.status)
  const rows = entries.map(
    ([code, { status, title }]) => `| ${status} | [\`${code}\`](${code}.md) | ${title} |`,
  )
  const index = `# Problems

Every refusal is RFC 9457 problem details: \`type\` is the path of the page below, \`code\` never changes its meaning,
\`instance\` is the request id that the log carries too.

${note}

| status | code | title |
|---|---|---|
${rows.join('\n')}
`
  return [
    { path: 'docs/problems/README.md', text: index },
    ...entries.map(([code, { status, title, meaning, remedy }]) => ({
      path: `docs/problems/${code}.md`,
      text: `# ${title}\n\n\`${code}\`, status ${status}\n\n${note}\n\n## What it means\n\n${meaning}\n\n## What to do\n\n${remedy}\n`,
    })),
  ]
}
