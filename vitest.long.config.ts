import { mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

// Apart from the others, which end within minutes: thousands of histories, and storms at the real rate.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  {
    test: { include: ['test/long/**/*.long.ts'], maxWorkers: 1 },
  },
)
