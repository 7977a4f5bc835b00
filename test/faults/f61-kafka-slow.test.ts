/** F61: a batch that takes longer than the group waits for a member, and a daemon that stands still for
 *  as long: membership is kept, or taken up again, and each message counts once. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { kafkaTiming } from '../../src/sources/kafka/consumer.ts'
import { SourceRecorder, until } from '../contract/source.ts'
import { metric, numbered, sourceOf, topicFor } from '../servers/kafka-scene.ts'
import { readBooks } from './books.ts'
import { Daemon, folder, full } from './daemon.ts'

/** Longer than a silent member is kept, ms. */
const pauseMs = full ? 40_000 : kafkaTiming.sessionMs + 1_500

test('a pipeline that holds a batch for long keeps its membership', async (ctx) => {
  const [address, topic] = await topicFor(ctx, 2)
  await topic.send(...numbered(1_000))
  const recorder = new SourceRecorder()
  let release = () => {}
  recorder.gate = new Promise((resolve) => (release = resolve))
  recorder.start(sourceOf(address, topic))
  await until(() => recorder.batches.length === 2 && recorder.away.size === 0)
  const held = recorder.batches.length
  await delay(pauseMs)
  // Nothing more is taken meanwhile, and nobody was expelled.
  expect(recorder.batches).toHaveLength(held)
  expect(recorder.away.size).toBe(0)
  release()
  await recorder.expectLines(numbered(1_000))
  expect(metric(recorder, 'lastpush_kafka_restarts_total')).toBe(0)
})

test('a daemon that was stopped for long joins again and counts each message once', async (ctx) => {
  const [address, topic] = await topicFor(ctx, 2)
  const dir = folder()
  const config = join(dir, 'lastpush.yaml')
  const kafka = `{ brokers: ['${address}'], topics: [${topic.name}], group: ${topic.group}, from: beginning }`
  writeFileSync(
    config,
    `sources:\n  - { kafka: ${kafka}, service: web, parser: plain }\nhttp: { port: 0 }\n`,
  )
  const dataDir = join(dir, 'data')
  const daemon = new Daemon({ dataDir, args: ['-c', config] })
  const half = numbered(500).map((value, i) => ({ partition: i % 2, value }))
  await topic.send(...half)
  for (const id of [0, 1]) await daemon.lines(`${topic.name}/${id}`, 250)
  daemon.child.kill('SIGSTOP')
  await topic.send(...half)
  await delay(pauseMs)
  daemon.child.kill('SIGCONT')
  for (const id of [0, 1]) await daemon.lines(`${topic.name}/${id}`, 500)
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  const { partitions } = await readBooks(dataDir)
  expect([...partitions.values()].map(({ lines }) => lines)).toEqual([500, 500])
})
