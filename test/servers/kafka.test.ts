import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Message } from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { describeSource, SourceRecorder, until } from '../contract/source.ts'
import { freePort } from './ports.ts'
import { metric, nothing, numbered, sourceOf, topicFor } from './kafka-scene.ts'
import { ownServer } from './tests.ts'
import { Topic } from './topics.ts'

describe('kafka', () => {
  describeSource(async (ctx) => {
    const [address, topic] = await topicFor(ctx)
    return {
      create: () => sourceOf(address, topic),
      append: (text) => topic.send(...text.split('\n').slice(0, -1)),
      noPartialLines: 'a message arrives whole',
      noBytePositions: 'positions come from the offsets of messages',
    }
  })

  test('gives each line its position, its arrival and the fields of its message', async (ctx) => {
    const [address, topic] = await topicFor(ctx)
    const message: Message = {
      key: 'cart',
      value: 'one\r\ntwo\n',
      headers: { service: 'shop', trace: ['a', 'b'], ['__proto__']: 'x' },
      timestamp: '1700000000000',
    }
    await topic.send('zero', message, 'three')
    const recorder = new SourceRecorder().start(sourceOf(address, topic))
    await recorder.expectLines(['zero', 'one\r', 'two', 'three'])
    const [batch] = recorder.filled
    const fields = batch?.lines?.fields ?? new Map<string, never>()
    expect([...(batch?.lines?.positions ?? [])]).toEqual([0, 10_000, 10_001, 20_000])
    expect(batch?.lines?.arrivals.slice(1, 3)).toEqual(Float64Array.of(17e11, 17e11))
    const rows = [...fields].map(([name, column]) => [
      name,
      [0, 1, 2, 3].map((i) => column.text(i)),
    ])
    expect(Object.fromEntries(rows)).toEqual({
      key: [null, 'cart', 'cart', null],
      service: [null, 'shop', 'shop', null],
      'header.trace': [null, 'b', 'b', null],
      'header.__proto__': [null, 'x', 'x', null],
    })
    const checkpoint = recorder.checkpoints.get(`${topic.name}/0`)
    expect(checkpoint).toMatchObject({ offset: 3, base: 0, mark: { offset: 2 } })
  })

  test('hands over bytes that are no UTF-8 as they are', async (ctx) => {
    const [address, topic] = await topicFor(ctx)
    await topic.send({ key: Buffer.from([0xff]), value: Buffer.from([0xff, 0x00, 0xc3]) })
    const recorder = new SourceRecorder().start(sourceOf(address, topic))
    await recorder.expectLines(['\xff\x00\xc3'])
    expect(recorder.filled[0]?.lines?.fields.get('key')?.text(0)).toBe('\ufffd')
  })

  test('begins at the end, and commits that at once', async (ctx) => {
    const [address, topic] = await topicFor(ctx, 2)
    await topic.send(...numbered(10))
    const first = new SourceRecorder().start(sourceOf(address, topic, { from: 'end' }))
    await until(() => first.checkpoints.size === 2)
    await first.stop()
    await topic.send('meanwhile')
    const second = new SourceRecorder(first.checkpoints)
    second.start(sourceOf(address, topic, { from: 'end' }))
    await second.expectLines(['meanwhile'])
    expect(first.lines()).toEqual([])
  })

  test('goes on where its own commit says, whatever the broker remembers', async (ctx) => {
    const [address, topic] = await topicFor(ctx)
    await topic.send('one', 'two', 'three')
    const first = new SourceRecorder().start(sourceOf(address, topic))
    await first.expectLines(['one', 'two', 'three'])
    await first.stop()
    await until(() => first.open.size > 0)
    const { group: groupId, name, admin } = topic
    await admin.setOffsets({ groupId, topic: name, partitions: [{ partition: 0, offset: '1' }] })
    await topic.send('four')
    const second = new SourceRecorder(first.checkpoints).start(sourceOf(address, topic))
    await second.expectLines(['four'])
    await second.stop()
    await admin.deleteGroups([groupId])
    await topic.send('five')
    const third = new SourceRecorder(second.checkpoints).start(sourceOf(address, topic))
    await third.expectLines(['five'])
  })

  test('says that a topic does not exist, and reads it whole once it does', async (ctx) => {
    const [address, topic] = await topicFor(ctx, 0)
    const recorder = new SourceRecorder().start(sourceOf(address, topic, { from: 'end' }))
    await until(() => recorder.faults.size === 1)
    expect([...recorder.faults]).toEqual([[topic.name, 'the topic does not exist']])
    await topic.create()
    await topic.send('first')
    await recorder.expectLines(['first'])
    expect([...recorder.faults]).toEqual([])
    expect(recorder.warnings).toEqual(['the topic does not exist'])
  })

  test('says that the brokers cannot be reached, and stops all the same', async (ctx) => {
    const [, topic] = await topicFor(ctx)
    const nobody = `127.0.0.1:${await freePort()}`
    const recorder = new SourceRecorder().start(sourceOf(nobody, topic))
    await until(() => recorder.faults.size === 1)
    expect(recorder.faults.get('queue')).toBe(
      `cannot reach the brokers ${nobody}: Connection error: connect ECONNREFUSED ${nobody}`,
    )
    await recorder.stop()
  })

  test('a one-pass read fails where no broker answers', async (ctx) => {
    const [, topic] = await topicFor(ctx)
    const nobody = `127.0.0.1:${await freePort()}`
    const recorder = new SourceRecorder(nothing, true).start(sourceOf(nobody, topic))
    await expect(recorder.ended()).rejects.toThrow(`cannot reach the brokers ${nobody}`)
  })

  test('reads once to where the partitions ended, and leaves no group behind', async (ctx) => {
    const [address, topic] = await topicFor(ctx, 3)
    await topic.send(...numbered(100))
    const recorder = new SourceRecorder(nothing, true)
    recorder.start(sourceOf(address, topic, { from: 'end' }))
    await recorder.ended()
    await recorder.expectLines(numbered(100))
    expect(recorder.everOpened.size).toBe(3)
    expect(recorder.open.size).toBe(0)
    const { groups } = await topic.admin.listGroups()
    expect(groups.filter(({ groupId }) => groupId.startsWith(topic.group))).toEqual([])
  })

  test('ends a one-pass read of an empty topic', async (ctx) => {
    const [address, topic] = await topicFor(ctx, 2)
    const recorder = new SourceRecorder(nothing, true).start(sourceOf(address, topic))
    await recorder.ended()
    expect(recorder.lines()).toEqual([])
    expect(recorder.everOpened.size).toBe(2)
  })

  test('shares the partitions among its consumers without losing or doubling a line', async (ctx) => {
    const [address, topic] = await topicFor(ctx, 4)
    await topic.send(...numbered(2_000))
    const recorder = new SourceRecorder().start(sourceOf(address, topic, { consumers: 3 }))
    await topic.send(...numbered(2_000, 2_000))
    await recorder.expectLines(numbered(4_000))
    expect(recorder.inFlightMax).toBe(1)
    expect(recorder.everOpened.size).toBe(4)
  })

  test('says that another daemon is in its group, and waits for it no longer', async (ctx) => {
    const [address, topic] = await topicFor(ctx, 2)
    const ours = new SourceRecorder().start(sourceOf(address, topic))
    const theirs = new SourceRecorder().start(sourceOf(address, topic))
    await until(() => ours.faults.size > 0)
    expect([...ours.faults.values()]).toEqual([
      'another member of the group reads it; a group belongs to one source',
    ])
    expect(ours.open.size).toBe(1)
    await theirs.stop()
    await until(() => ours.open.size === 2 && ours.away.size === 0)
    await until(() => ours.faults.size === 0)
  })

  test('joins again while the pipeline holds a batch, and hands over each line once', async (ctx) => {
    const [address, topic] = await topicFor(ctx, 2)
    await topic.send(...numbered(1_000))
    const ours = new SourceRecorder()
    let release = () => {}
    ours.gate = new Promise((resolve) => (release = resolve))
    ours.start(sourceOf(address, topic))
    await until(() => ours.batches.length === 2 && ours.away.size === 0)
    const theirs = new SourceRecorder().start(sourceOf(address, topic))
    await until(() => ours.away.size === 1)
    release()
    await until(() => ours.lines().length > 0)
    await theirs.stop()
    await ours.expectLines(numbered(1_000))
    expect(ours.inFlightMax).toBe(1)
  })

  test('unwraps envelopes, and writes what is none to the topic of dead letters', async (ctx) => {
    const [address, topic] = await topicFor(ctx)
    const dead = await Topic.make(address)
    const wrapped = {
      message: 'inner',
      '@timestamp': '2023-11-14T22:13:20.000Z',
      host: { name: 'web-1' },
    }
    await topic.send(
      JSON.stringify(wrapped),
      { key: 'k', value: 'no JSON', headers: { a: 'b' } },
      '{}',
    )
    const options = { envelope: 'filebeat', dead_letter_topic: dead.name }
    const recorder = new SourceRecorder().start(sourceOf(address, topic, options))
    const letters = new SourceRecorder().start(sourceOf(address, dead))
    await letters.expectLines(['no JSON', '{}'])
    await recorder.expectLines(['inner'])
    expect(recorder.filled[0]?.lines?.fields.get('host')?.text(0)).toBe('web-1')
    expect(recorder.filled[0]?.lines?.arrivals[0]).toBe(17e11)
    const facts = letters.batches.flatMap(({ lines }) => {
      const rows = [...(lines?.positions ?? [])].keys()
      return [...rows].map((row) =>
        ['key', 'header.a', 'header.lastpush.offset', 'header.lastpush.reason'].map(
          (name) => lines?.fields.get(name)?.text(row) ?? null,
        ),
      )
    })
    expect(facts).toEqual([
      ['k', 'b', '1', 'it is no JSON object'],
      [null, null, '2', 'it has no text message'],
    ])
    expect(recorder.checkpoints.get(`${topic.name}/0`)).toMatchObject({ offset: 3 })
  })

  test('waits with a partition while its dead letters cannot be written', async (ctx) => {
    const [address, topic] = await topicFor(ctx)
    const file = join(mkdtempSync(join(tmpdir(), 'lastpush-dead-')), 'later', 'dead.ndjson')
    onTestFinished(() => rmSync(dirname(dirname(file)), { recursive: true }))
    await topic.send('poison', JSON.stringify({ message: 'fine' }))
    const options = { envelope: 'vector', dead_letter_file: file }
    const recorder = new SourceRecorder().start(sourceOf(address, topic, options))
    await until(() => recorder.faults.has('queue'))
    expect(recorder.faults.get('queue')).toContain('the dead letters cannot be written: ENOENT')
    expect(recorder.lines()).toEqual([])
    mkdirSync(dirname(file))
    await recorder.expectLines(['fine'], 20_000)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      topic: topic.name,
      partition: 0,
      offset: 0,
      reason: 'it is no JSON object',
      value: Buffer.from('poison').toString('base64'),
    })
  })

  test('reads the topics of a pattern, and those that come later', async (ctx) => {
    const [address, topic] = await topicFor(ctx)
    await topic.send('one')
    const pattern = `${topic.name}*`
    const recorder = new SourceRecorder()
    recorder.start(sourceOf(address, topic, { topics: [pattern], from: 'end' }))
    await until(() => recorder.checkpoints.size === 1)
    const later = await Topic.make(address, 1, `${topic.name}-later`)
    await later.send('two')
    await topic.send('three')
    await recorder.expectLines(['two', 'three'])
    expect(recorder.everOpened).toEqual(new Set([`${topic.name}/0`, `${later.name}/0`]))
    await recorder.stop()
    // What appears while nobody reads is read whole as well.
    const last = await Topic.make(address, 1, `${topic.name}-last`)
    await last.send('four')
    const again = new SourceRecorder(recorder.checkpoints)
    again.start(sourceOf(address, topic, { topics: [pattern], from: 'end' }))
    await again.expectLines(['four'])
  })

  test('tells its group how far it has committed, and refuses one that is another store’s', async (ctx) => {
    const [address, topic] = await topicFor(ctx)
    await topic.send('one', 'two')
    const ours = new SourceRecorder().start(sourceOf(address, topic))
    await ours.expectLines(['one', 'two'])
    const told = async () => {
      const [found] = await topic.admin.fetchOffsets({ groupId: topic.group, topics: [topic.name] })
      return found?.partitions[0]
    }
    await until(async () => (await told())?.offset === '2')
    expect((await told())?.metadata).toMatch(/^a{16}:[12]$/)
    await ours.stop()
    const theirs = new SourceRecorder(nothing, false, 'b'.repeat(16)).start(
      sourceOf(address, topic),
    )
    await until(() => theirs.faults.has('queue'))
    expect(theirs.faults.get('queue')).toMatch(
      new RegExp(
        `^the group "${topic.group}" belongs to another store, a{16}, which has made [12] commits: ` +
          "name another group; or, when that store is gone for good, take_over: 'a{16}'$",
      ),
    )
    await theirs.stop()
    expect(theirs.lines()).toEqual([])
    const heir = new SourceRecorder(nothing, false, 'b'.repeat(16))
    heir.start(sourceOf(address, topic, { take_over: 'a'.repeat(16) }))
    await heir.expectLines(['one', 'two'])
    await until(async () => ((await told())?.metadata ?? '').startsWith('b'.repeat(16)))
  })

  test('says that what answers is no broker', async (ctx) => {
    const [, topic] = await topicFor(ctx)
    const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const recorder = new SourceRecorder().start(sourceOf(address, topic))
    await until(() => recorder.faults.size === 1)
    expect(recorder.faults.get('queue')).toMatch(`cannot reach the brokers ${address}: `)
  })

  test('ends with the error of a pipeline that refuses a batch', async (ctx) => {
    const [address, topic] = await topicFor(ctx)
    await topic.send('one')
    const recorder = new SourceRecorder()
    recorder.gate = Promise.reject(new Error('refused'))
    recorder.gate.catch(() => {})
    await expect(sourceOf(address, topic).run(recorder)).rejects.toThrow('refused')
  })

  test('waits for brokers that are away at the start, and goes on after they were killed', async (ctx) => {
    const server = await ownServer(ctx, 'kafka')
    const topic = await Topic.make(server.address, 2)
    await topic.send(...numbered(50))
    await server.kill()
    const recorder = new SourceRecorder().start(sourceOf(server.address, topic, { consumers: 2 }))
    await until(() => recorder.faults.has('queue'), undefined, 20_000)
    await server.start()
    await recorder.expectLines(numbered(50), 30_000)
    await until(() => recorder.faults.size === 0)
    await server.kill()
    await until(() => recorder.away.size === 2 && recorder.faults.has('queue'), undefined, 20_000)
    await server.start()
    await topic.send(...numbered(50, 50))
    await recorder.expectLines(numbered(100), 30_000)
    await until(() => recorder.faults.size === 0 && recorder.away.size === 0)
    expect(metric(recorder, 'lastpush_kafka_restarts_total')).toBeGreaterThanOrEqual(2)
    const told = recorder.warnings.filter((each) => each.startsWith('cannot reach the brokers'))
    expect(told.length).toBeGreaterThanOrEqual(2)
  })

  test('is configured by brokers and topics', () => {
    const text =
      'sources:\n  - { kafka: { brokers: [127.0.0.1:9092], topics: [php-errors] }, service: api }\n'
    const [source] = parseConfig('lastpush.yaml', text, '/').sources
    expect(source?.type.kind).toBe('kafka')
    expect(source?.settings).toMatchObject({ name: 'kafka-1', service: 'api' })
  })
})
