import { mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

// Apart from the others, which run on any machine: these want `pgbouncer` and `haproxy` to start.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  {
    test: { include: ['test/replicas/**/*.replicas.ts'], maxWorkers: 1 },
  },
)
