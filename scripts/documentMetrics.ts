import type { MetricObject, Registry } from 'prom-client'

/** docs/metrics.md: what GET /metrics exports of ours. */
export function metricsPage(registry: Registry): string {
  const rows = registry
    .getMetricsAsArray()
    .filter(({ name }) => name.startsWith('frontgate_'))
    .map((metric) => {
      const { name, help, type, labelNames = [] } = metric as unknown as Metric
      const labels = labelNames.map((label) => `\`${label}\``).join(', ')
      return `| \`${name}\` | ${type} | ${labels} | ${help} |`
    })
  return `# Metrics

What \`GET /metrics\` exports, beside what Node.js says of its process (\`process_*\`, \`nodejs_*\`).
[The guide](guides/observing.md) says how to come by it.

<!-- Made from the running service by \`npm run generate\`. -->

| metric | type | labels | meaning |
|---|---|---|---|
${rows.sort().join('\n')}
`
}

type Metric = Pick<MetricObject, 'name' | 'help'> & { type: string; labelNames?: string[] }
