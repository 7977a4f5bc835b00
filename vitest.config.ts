import { defineConfig } from 'vitest/config'

// Three projects: `unit` is the plain part, `slow` starts real processes and a browser, `servers`
// a Kafka and an Elasticsearch, which all of its tests share.
const slow = [
  'test/faults/**/*.test.ts',
  'test/browser/**/*.test.ts',
  'test/cli/**/*.test.ts',
  'test/docs/{commands,hooks}.test.ts',
]
const servers = ['test/servers/**/*.test.ts']

export default defineConfig({
  test: {
    reporters: ['verbose'],
    // Most of the slow tests wait for real processes; one worker would add their waits up.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...slow, ...servers],
          testTimeout: 20_000,
          // No test changes what modules share, and loading them anew for each file took half the time.
          isolate: false,
        },
      },
      { test: { name: 'slow', include: slow, testTimeout: 120_000, hookTimeout: 60_000 } },
      {
        test: {
          name: 'servers',
          include: servers,
          globalSetup: 'test/servers/setup.ts',
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
