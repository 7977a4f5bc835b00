import { expect, test } from 'vitest'
import { until } from '../contract/source.ts'
import { Daemons } from './daemon.ts'
import { addressOf } from './tests.ts'
import { Topic } from './topics.ts'

const total = 200_000
const partitions = 4
const kills = 5
/** Each hundredth line is an error, which goes to the index. */
const errorEvery = 100

/** Line n of all; the times follow each other as fast as they are written. */
function line(n: number, fromMs: number): string {
  const level = n % errorEvery === 0 ? 'error' : 'info'
  const time = new Date(fromMs + n / 10).toISOString()
  return JSON.stringify({ time, level, message: `request ${n} of ${total}`, path: `/p/${n % 50}` })
}

test(
  `counts ${total} messages over ${partitions} partitions exactly, killed ${kills} times`,
  { timeout: 240_000 },
  async (ctx) => {
    const topic = await Topic.make(await addressOf(ctx, 'kafka'), partitions)
    const daemons = new Daemons(`
sources:
  - kafka:
      { brokers: ['${await addressOf(ctx, 'kafka')}'], topics: [${topic.name}],
        group: ${topic.group}, consumers: 2, from: beginning }
    service: web
    parser: json
rules: []
http: { port: 0 }
`)
    const writing = write(topic)
    daemons.start()
    for (let kill = 1; kill <= kills; kill++) {
      // At a different part of the way each time, and while messages come in and are counted.
      const goal = (total * kill) / (kills + 1)
      await until(async () => (await daemons.lines()) >= goal, undefined, 60_000)
      await daemons.end('SIGKILL')
      daemons.start()
    }
    await writing
    await until(async () => (await daemons.lines()) >= total, undefined, 60_000)
    expect(await daemons.end('SIGTERM')).toBe(0)

    const { partitions: counted, panes, indexed } = await daemons.counted()
    expect(counted.map(({ lines, events }) => [lines, events])).toEqual(
      Array.from({ length: partitions }, () => [total / partitions, total / partitions]),
    )
    expect(panes['level error']).toBe(total / errorEvery)
    expect(panes['level info']).toBe(total - total / errorEvery)
    expect(indexed).toBe(total / errorEvery)
  },
)

/** Writes all lines, the same number to each partition, and never far ahead of a slow reader. */
async function write(topic: Topic): Promise<void> {
  const fromMs = Date.now() - total / 10
  const batch = 2_000
  for (let from = 0; from < total; from += batch) {
    await topic.send(
      ...Array.from({ length: batch }, (_, i) => ({
        partition: i % partitions,
        value: line(from + i, fromMs),
      })),
    )
  }
}
