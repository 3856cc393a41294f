import { mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

// Apart from the others, which run on any machine: these want `nginx`, `caddy` and `python3` to start.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  {
    test: { include: ['test/proxies/**/*.proxy.ts'], maxWorkers: 1 },
  },
)
