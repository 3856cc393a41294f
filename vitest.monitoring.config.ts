import { mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

// Apart from the others, which run on any machine: these want `prometheus` and `promtool` to start.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  {
    test: { include: ['test/monitoring/**/*.prometheus.ts'], maxWorkers: 1 },
  },
)
