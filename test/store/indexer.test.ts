import { expect, test } from 'vitest'
import { ManualClock } from '../../src/flow/time.ts'
import type { Log } from '../../src/flow/log.ts'
import type { EventDocument } from '../../src/store/events.ts'
import { Indexer } from '../../src/store/indexer.ts'
import { openEventIndex } from '../../src/store/sqlite-events.ts'
import { openState } from '../../src/store/sqlite.ts'
import { commitOf, eventOf } from '../contract/store-samples.ts'
import { temporaryDir } from './directories.ts'

const deadlineMs = 10_000

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + deadlineMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('the condition did not come to hold')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function recorder(): { log: Log; said: string[] } {
  const said: string[] = []
  const say = (level: string) => (_: object, message: string) => {
    said.push(`${level}: ${message}`)
  }
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
  return { log, said }
}

function events(from: number, to: number): EventDocument[] {
  return Array.from({ length: to - from }, (_, n) => eventOf({ id: String(from + n), time: n }))
}

async function setUp(put?: (events: readonly EventDocument[]) => Promise<void>) {
  const dir = await temporaryDir()
  const state = await openState(dir)
  const index = await openEventIndex(dir)
  const clock = new ManualClock(0)
  const { log, said } = recorder()
  const stop = new AbortController()
  const indexer = new Indexer({ state, index: put === undefined ? index : { put }, clock, log })
  const end = async (running: Promise<void>) => {
    stop.abort()
    await running
    await state.close()
    await index.close()
  }
  return { state, index, clock, said, indexer, signal: stop.signal, end }
}

test('moves the whole backlog into the index and takes up what a kick announces', async () => {
  const { state, index, indexer, signal, end, said } = await setUp()
  await state.commit(commitOf({ backlog: events(0, 1_200) }))
  const running = indexer.run(signal)
  await until(async () => (await state.info()).backlog === 0)
  expect(await index.count()).toBe(1_200)
  for (let n = 0; n < 5; n++) {
    await state.commit(commitOf({ backlog: events(1_200 + n, 1_201 + n) }))
    indexer.kick()
    await until(async () => (await state.info()).backlog === 0)
  }
  expect(await index.count()).toBe(1_205)
  expect(said).toEqual([])
  await end(running)
})

test('puts at most 500 events at once and keeps them until the put has resolved', async () => {
  const sizes: number[] = []
  const kept: number[] = []
  const parts = await setUp(async (batch) => {
    sizes.push(batch.length)
    kept.push((await parts.state.info()).backlog)
  })
  await parts.state.commit(commitOf({ backlog: events(0, 1_100) }))
  const running = parts.indexer.run(parts.signal)
  await until(async () => (await parts.state.info()).backlog === 0)
  expect(sizes).toEqual([500, 500, 100])
  expect(kept).toEqual([1_100, 600, 100])
  await parts.end(running)
})

test('tries a failing index again after growing pauses and loses nothing', async () => {
  const attempts: number[] = []
  const stored = new Set<string>()
  const parts = await setUp(async (batch) => {
    attempts.push(parts.clock.now())
    if (attempts.length <= 9) throw new Error('away')
    for (const { id } of batch) stored.add(id)
  })
  await parts.state.commit(commitOf({ backlog: events(0, 3) }))
  const running = parts.indexer.run(parts.signal)
  await until(async () => {
    parts.clock.advance(50)
    return (await parts.state.info()).backlog === 0
  })
  expect(stored).toEqual(new Set(['0', '1', '2']))
  const pauses = attempts.slice(1).map((at, n) => at - attempts[n]!)
  const wanted = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
  wanted.forEach((pause, n) => expect(pauses[n]).toBeGreaterThanOrEqual(pause))
  expect(parts.said).toEqual([
    'warn: the event index is behind; alerting goes on',
    'info: the event index takes events again',
  ])
  await parts.end(running)
})

test('stops at once while it waits for events or for a failed index', async () => {
  const idle = await setUp()
  await idle.end(idle.indexer.run(idle.signal))
  const failing = await setUp(() => Promise.reject(new Error('away')))
  await failing.state.commit(commitOf({ backlog: events(0, 1) }))
  const running = failing.indexer.run(failing.signal)
  await until(async () => failing.said.length > 0)
  expect((await failing.state.info()).backlog).toBe(1)
  await failing.end(running)
})
