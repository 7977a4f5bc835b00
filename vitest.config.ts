import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Three projects: `unit` is the plain part, `slow` starts real processes and a browser, `servers`
// a Kafka and an Elasticsearch, which all of its tests share.
const slow = [
  'test/faults/**/*.test.ts',
  'test/simulation/**/*.test.ts',
  'test/browser/**/*.test.ts',
  'test/cli/**/*.test.ts',
  'test/docs/{commands,hooks}.test.ts',
]
// Faults of Kafka are tried on a real broker.
const kafkaFaults = 'test/faults/*-kafka-*.test.ts'
const servers = ['test/servers/**/*.test.ts', kafkaFaults]

/** Some files wait most of their time, the demo's story a minute at its own pace. They start first,
 *  then the other slow ones: whatever is left at the end should be short. */
const waiting = /(?:demo|irc|receivers-that-refuse)\.test\.ts$/

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number =>
      waiting.test(moduleId) ? 0 : project.name === 'unit' ? 2 : 1
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

/** Real processes on a machine that others use as well: what was too slow once is tried once more. */
const retries = 1

export default defineConfig({
  test: {
    reporters: ['verbose'],
    // Most of the slow tests wait for real processes; one worker would add their waits up.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
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
      {
        test: {
          name: 'slow',
          include: slow,
          exclude: [kafkaFaults],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          retry: retries,
        },
      },
      {
        test: {
          name: 'servers',
          include: servers,
          globalSetup: 'test/servers/setup.ts',
          testTimeout: 120_000,
          hookTimeout: 60_000,
          retry: retries,
        },
      },
    ],
  },
})
