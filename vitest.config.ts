import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'test/**/*.test.ts',
      'src/**/*.test.ts',
      'web/**/*.test.ts',
      'client/src/**/*.test.ts',
      'examples/**/src/**/*.test.ts',
    ],
    globalSetup: ['test/support/globalSetup.ts'],
    // Files have databases of their own, so they run side by side; two at a time keep two cores busy.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    // What is awaited comes in its own time on a slow machine; a second, the default, is no statement about it.
    expect: { poll: { timeout: 20_000 } },
    // Sources run in tests as they run in production: by Node itself.
    experimental: { viteModuleRunner: false },
  },
})
