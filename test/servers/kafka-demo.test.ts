/** What `npm start -- --kafka` runs: the same story through topics of a real broker. */
import { expect, test } from 'vitest'
import { Demo } from '../cli/demo-process.ts'
import { freePort } from './ports.ts'
import { addressOf } from './tests.ts'
import { testClient } from './topics.ts'

test('--kafka --once tells the story through topics, and leaves none behind', async (ctx) => {
  const broker = addressOf(ctx, 'kafka')
  const demo = new Demo(['--kafka', broker, '--once'])
  const live = await demo.line(/^\[ +0 s\] an hour of history is there/)
  const [, access = '', php = ''] =
    /in the topics (\S+) and (\S+) of Kafka at (\S+) until the end/.exec(demo.output) ?? []
  expect(demo.output).toContain(`kafka: { brokers: ['${broker}'], topics: [${access}]`)
  const firing = await demo.line(/^FIRING web: .*, since push 3b77d0c5ae by alice$/)
  expect(firing.at - live.at).toBeLessThan(26_000)
  await demo.line(
    /^RESOLVED web: .*, since push 3b77d0c5ae by alice, fixed by push 91c02fe77b by bob$/,
  )
  await demo.ended
  expect(demo.err).toBe('')
  expect(demo.child.exitCode).toBe(0)
  expect(demo.count(/^FIRING/)).toBe(1)
  expect(demo.count(/^RESOLVED/)).toBe(1)
  const admin = testClient(broker).admin()
  await admin.connect()
  const topics = await admin.listTopics()
  await admin.disconnect()
  expect(topics).not.toContain(access)
  expect(topics).not.toContain(php)
})

test('without a broker it says what to start first', async () => {
  const nobody = `127.0.0.1:${await freePort()}`
  const demo = new Demo(['--kafka', nobody])
  await demo.ended
  expect(demo.child.exitCode).toBe(1)
  expect(demo.err).toContain(`no Kafka to write to at ${nobody}: `)
  expect(demo.err).toContain('run `npm run servers` first, or name a broker: --kafka HOST:PORT')
  expect(demo.output).toBe('')
})
