/** F62, S40: what messages may hold: compressions, bombs, transactions, no value, too much value. It is
 *  read, or told in one sentence, and the partition goes on. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { SourceRecorder, until } from '../contract/source.ts'
import { metric, nothing, numbered, sourceOf, topicFor } from '../servers/kafka-scene.ts'

test('skips and counts messages without a value', async (ctx) => {
  const [address, topic] = await topicFor(ctx)
  await topic.send({ key: 'a', value: null }, 'kept', '', { key: 'b', value: null })
  const recorder = new SourceRecorder().start(sourceOf(address, topic))
  await recorder.expectLines(['kept', ''])
  expect(metric(recorder, 'lastpush_kafka_tombstones_total')).toBe(2)
  expect(recorder.checkpoints.get(`${topic.name}/0`)).toMatchObject({ offset: 4 })
})

test('cuts a message of 10 MB at the line limit and goes on behind it', async (ctx) => {
  const [address, topic] = await topicFor(ctx)
  const long = Buffer.alloc(10_000_000, 'x')
  await topic.send('before', { value: long }, 'after')
  const recorder = new SourceRecorder().start(sourceOf(address, topic))
  await until(() => recorder.lines().includes('after'))
  expect(recorder.lines().map((line) => line.length)).toEqual([6, 1_048_576, 5])
  expect(recorder.filled.map(({ skippedBytes }) => skippedBytes)).toEqual([0, 8_951_424, 0])
})

test('takes committed transactions only, and none of them twice', async (ctx) => {
  const [address, topic] = await topicFor(ctx)
  const recorder = new SourceRecorder().start(sourceOf(address, topic))
  await topic.transaction(['a', 'b'], 'commit')
  await topic.transaction(['x', 'y'], 'abort')
  await recorder.expectLines(['a', 'b'])
  await topic.transaction(['c'], 'commit')
  await recorder.expectLines(['a', 'b', 'c'])
  await topic.transaction(['z'], 'abort')
  await recorder.stop()
  const again = new SourceRecorder(recorder.checkpoints).start(sourceOf(address, topic))
  await topic.send('d')
  await again.expectLines(['d'])
  const once = new SourceRecorder(nothing, true).start(sourceOf(address, topic))
  await once.ended()
  expect(once.lines()).toEqual(['a', 'b', 'c', 'd'])
})

test.for(['gzip', 'snappy', 'lz4', 'zstd'])(
  'reads what is compressed with %s',
  async (codec, ctx) => {
    const [address, topic] = await topicFor(ctx, 0)
    await topic.create(1, { 'compression.type': codec })
    const random = Array.from({ length: 300 }, () => randomBytes(300).toString('hex'))
    const lines = [...numbered(500), ...random]
    await topic.send(...lines)
    const recorder = new SourceRecorder().start(sourceOf(address, topic))
    await recorder.expectLines(lines)
  },
)

test('passes over a batch that unpacks to too much, says so, and goes on behind it', async (ctx) => {
  const [address, topic] = await topicFor(ctx, 0)
  await topic.create(1, { 'max.message.bytes': '1000000' })
  const bomb = { value: Buffer.alloc(16_900_000, 'x') }
  await topic.send('before')
  await topic.sendPacked(bomb, bomb, bomb, bomb)
  await topic.send('after')
  const recorder = new SourceRecorder().start(sourceOf(address, topic))
  await recorder.expectLines(['before', 'after'], 20_000)
  expect(recorder.faults.get(`${topic.name}/0`)).toMatch(
    /^poison, now passed over: messages 1 to 4: gzip cannot be unpacked: .*67108864 bytes$/,
  )
  expect(metric(recorder, 'lastpush_kafka_poison_messages_total')).toBe(4)
  expect(recorder.checkpoints.get(`${topic.name}/0`)).toMatchObject({ offset: 6 })
})

test('reads small fetches of many partitions and large messages within bounded memory', async (ctx) => {
  const [address, topic] = await topicFor(ctx, 4)
  // Each unpacks to 16 MB, and four of them lie in every partition.
  const value = Buffer.alloc(16_000_000, 'y')
  for (let n = 0; n < 16; n++) await topic.sendPacked({ partition: n % 4, value })
  const before = process.memoryUsage().rss
  let most = 0
  const recorder = new SourceRecorder()
  recorder.start(sourceOf(address, topic))
  await until(
    () => {
      most = Math.max(most, process.memoryUsage().rss)
      return recorder.filled.length === 16
    },
    undefined,
    30_000,
  )
  expect((most - before) / 1e6).toBeLessThan(500)
})
