import { mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

// Apart from the others, which run on any machine: these want a `redis-server` to start.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  {
    test: { include: ['test/limits.redis/**/*.redis.ts'] },
  },
)
