/** F60: retention that has overtaken us, topics that were made again, partitions that were added: a
 *  loss is counted and told, and nothing else is lost or doubled. */
import { expect, test } from 'vitest'
import { SourceRecorder, until } from '../contract/source.ts'
import { metric, numbered, sourceOf, topicFor } from '../servers/kafka-scene.ts'

test('reports messages that were deleted before they were read', async (ctx) => {
  const [address, topic] = await topicFor(ctx)
  await topic.send('one', 'two')
  const first = new SourceRecorder().start(sourceOf(address, topic))
  await first.expectLines(['one', 'two'])
  await first.stop()
  await topic.send(...numbered(5))
  await topic.deleteBefore(5)
  const second = new SourceRecorder(first.checkpoints).start(sourceOf(address, topic))
  await second.expectLines(['line 3', 'line 4'])
  expect(metric(second, 'lastpush_kafka_lost_messages_total')).toBe(3)
  const message = '3 messages were deleted before they were read'
  expect([...second.faults]).toEqual([[`${topic.name}/0`, message]])
  expect(second.warnings).toEqual([message])
})

test.for([
  ['shorter', ['new one', 'new two']],
  ['shorter by one', numbered(4, 100)],
  ['as long', numbered(5, 100)],
  ['longer', numbered(7, 100)],
] as const)(
  'reads a topic that was made again whole, also when it is %s',
  async ([, fresh], ctx) => {
    const [address, topic] = await topicFor(ctx)
    await topic.send(...numbered(5))
    const first = new SourceRecorder().start(sourceOf(address, topic))
    await first.expectLines(numbered(5))
    await first.stop()
    await topic.delete()
    await topic.create()
    await topic.send(...fresh)
    const second = new SourceRecorder(first.checkpoints).start(sourceOf(address, topic))
    await second.expectLines(fresh)
    expect(second.filled[0]?.start).toBe(50_000)
    expect(second.warnings).toContain('the topic was made again; reading it from its beginning')
  },
)

test('goes on when a topic is made again while it is read', async (ctx) => {
  const [address, topic] = await topicFor(ctx)
  await topic.send(...numbered(3))
  const recorder = new SourceRecorder().start(sourceOf(address, topic))
  await recorder.expectLines(numbered(3))
  await topic.delete()
  await until(() => recorder.faults.has(topic.name))
  await topic.create()
  await topic.send('fresh')
  await recorder.expectLines([...numbered(3), 'fresh'])
  expect([...recorder.faults]).toEqual([])
})

test('reads partitions that are added from their beginning', async (ctx) => {
  const [address, topic] = await topicFor(ctx)
  await topic.send('old')
  const recorder = new SourceRecorder().start(sourceOf(address, topic, { from: 'end' }))
  await until(() => recorder.checkpoints.size === 1)
  await topic.grow(3)
  await topic.send(...[0, 1, 2].map((partition) => ({ partition, value: `to ${partition}` })))
  await recorder.expectLines(['to 0', 'to 1', 'to 2'])
})
