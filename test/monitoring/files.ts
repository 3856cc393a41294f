import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export const alertsFile = `${root}deploy/monitoring/alerts.yaml`
export const alertTestsFile = `${root}deploy/monitoring/alerts.test.yaml`

const read = (path: string) => readFileSync(root + path, 'utf8')

export const alerts = () => read('deploy/monitoring/alerts.yaml')
export const dashboard = () => read('deploy/monitoring/dashboard.json')

/** The alerts, each with its severity and the page that it leads to. */
export function alertsIn(yaml: string): { name: string; severity: string; page: string }[] {
  const [, ...blocks] = yaml.split(/^ +- alert: /m)
  return blocks.map((block) => ({
    name: block.split('\n', 1)[0] ?? '',
    severity: /severity: (\w+)/.exec(block)?.[1] ?? '',
    page: /runbook_url: (\S+)/.exec(block)?.[1] ?? '',
  }))
}

/** The pages of the runbook by their names, the first one apart. */
export function runbook(): { index: string; pages: Record<string, string> } {
  const names = readdirSync(`${root}docs/runbooks`).filter((name) => name !== 'README.md')
  return {
    index: read('docs/runbooks/README.md'),
    pages: Object.fromEntries(
      names.map((name) => [name.replace(/\.md$/, ''), read(`docs/runbooks/${name}`)]),
    ),
  }
}

/** What pages and deploy files name of the repository and is not there: files they lead to, npm scripts, labels of pods. */
export function missingIn(pattern: string): string[] {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const manifests = globSync('deploy/kubernetes/**/*.yaml', { cwd: root }).map(read).join('\n')
  return globSync(pattern, { cwd: root }).flatMap((path) => {
    const text = read(path)
    const links = [...text.matchAll(/\]\((?!\w+:)([^)#]+)/g)].map(([, to = '']) => join(dirname(path), to))
    const files =
      text.match(/\b(docs|deploy|test|src)\/[\w./-]*\.(md|ts|ya?ml|json|cfg|ini|mjs|sql)\b/g) ?? []
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script)
    const selectors = [...text.matchAll(/kubectl .*? -l (\S+?)[;\s]/g)].flatMap(([, all = '']) =>
      all.split(','),
    )
    return [
      ...[...links, ...files].filter((file) => !existsSync(root + file)),
      ...named.filter((script) => !(script in scripts)),
      ...selectors.filter((label) => !manifests.includes(` ${label.replace('=', ': ')}`)),
    ].map((what) => `${path}: ${what}`)
  })
}

/** The metrics of ours, and of the process that we are, which a text names. */
export function metricsIn(text: string): string[] {
  return [...new Set(text.match(/\b(frontgate|nodejs|process)_[a-z0-9_]+\b/g) ?? [])].sort()
}

/** The names under which a scrape has or would have samples: a histogram has three for each of its own. */
export function metricsOf(scrape: string): Set<string> {
  const types = [...scrape.matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
    ),
  )
}
