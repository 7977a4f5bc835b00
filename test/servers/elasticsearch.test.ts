/** The event index against a real Elasticsearch: the same answers as SQLite's, and nothing lost or
 *  doubled when the server is killed in mid-stream. */
import { Client } from '@elastic/elasticsearch'
import { expect, test } from 'vitest'
import { silentLog } from '../../src/flow/log.ts'
import { ManualClock, systemClock } from '../../src/flow/time.ts'
import { everything, parseQuery } from '../../src/query/query.ts'
import { Indexer } from '../../src/store/indexer.ts'
import { openEventIndex } from '../../src/store/sqlite-events.ts'
import { openState } from '../../src/store/sqlite.ts'
import { eventIndexContract } from '../contract/event-index.ts'
import { commitOf, eventOf } from '../contract/store-samples.ts'
import { temporaryDir } from '../store/directories.ts'
import { questions, shopEvents } from './elasticsearch-events.ts'
import { indexAt, removeIndex } from './elasticsearch-index.ts'
import { addressOf, ownServer } from './tests.ts'

eventIndexContract('Elasticsearch', async (ctx) => {
  const node = addressOf(ctx, 'elasticsearch')
  const { prefix, open } = indexAt(node)
  return {
    open: () => Promise.resolve(open()),
    queries: 40,
    remove: () => removeIndex(node, prefix),
  }
})

test('both indexes find the same of 20,000 events by 50 queries', async (ctx) => {
  const node = addressOf(ctx, 'elasticsearch')
  const { prefix, open } = indexAt(node)
  const elastic = open()
  // A clock that stands still: a busy machine must not make a search give up.
  const sqlite = await openEventIndex(await temporaryDir(), { clock: new ManualClock(0) })
  const events = shopEvents(20_000)
  for (let at = 0; at < events.length; at += 500) {
    const batch = events.slice(at, at + 500)
    await Promise.all([elastic.put(batch), sqlite.put(batch)])
  }
  expect(await elastic.count()).toBe(20_000)
  expect(questions).toHaveLength(50)
  let found = 0
  for (const text of questions) {
    const search = { query: parseQuery(text), limit: 150 }
    const [theirs, ours] = [await elastic.search(search), await sqlite.search(search)]
    expect(theirs.events, text).toEqual(ours.events)
    expect(theirs.next, text).toEqual(ours.next)
    expect(ours.total, text).not.toBeNull()
    expect(theirs.total, text).toBe(ours.total)
    found += ours.events.length
  }
  expect(found).toBeGreaterThan(4_000)
  await Promise.all([elastic.close(), sqlite.close()])
  await removeIndex(node, prefix)
})

test('R12, F64: a server killed in mid-stream has every event once when it is back', async (ctx) => {
  const server = await ownServer(ctx, 'elasticsearch')
  const { prefix, open } = indexAt(server.address)
  const index = open()
  const state = await openState(await temporaryDir())
  const stop = new AbortController()
  const indexer = new Indexer({ state, index, clock: systemClock, log: silentLog })
  const running = indexer.run(stop.signal)
  const events = shopEvents(20_000)
  const commit = async (from: number, to: number) => {
    await state.commit(commitOf({ backlog: events.slice(from, to) }))
    indexer.kick()
  }
  const backlogBelow = async (most: number) => {
    while ((await state.info()).backlog > most) await systemClock.sleep(5)
  }
  for (let at = 0; at < 12_000; at += 1_000) await commit(at, at + 1_000)
  await backlogBelow(8_000)
  await server.kill()
  expect((await state.info()).backlog).toBeGreaterThan(0)
  // Commits go on while it is away.
  for (let at = 12_000; at < 20_000; at += 1_000) await commit(at, at + 1_000)
  await server.start()
  await backlogBelow(0)
  expect(await index.count()).toBe(20_000)
  const ids = new Set<string>()
  let before
  do {
    const page = await index.search({ query: everything, limit: 5_000, ...(before && { before }) })
    for (const { id } of page.events) ids.add(id)
    before = page.next
  } while (before !== null)
  expect(ids).toEqual(new Set(events.map(({ id }) => id)))
  stop.abort()
  await running
  await index.close()
  await state.close()
  await removeIndex(server.address, prefix)
})

test('an index of the same name with another mapping is a clear fault and stays as it is', async (ctx) => {
  const node = addressOf(ctx, 'elasticsearch')
  const { prefix, open } = indexAt(node)
  const client = new Client({ node })
  const mappings = { properties: { time: { type: 'keyword' as const } } }
  await client.indices.create({ index: `${prefix}-2026.11`, mappings })
  const index = open()
  await expect(index.put([eventOf({})])).rejects.toMatchObject({
    code: 'INDEX_MAPPING',
    message: expect.stringContaining(`the index ${prefix}-2026.11`) as string,
  })
  expect((await client.count({ index: `${prefix}-*` })).count).toBe(0)
  // It goes on as soon as the other index is gone.
  await client.indices.delete({ index: `${prefix}-2026.11` })
  await index.put([eventOf({})])
  expect(await index.count()).toBe(1)
  await Promise.all([index.close(), client.close()])
  await removeIndex(node, prefix)
})

test('an older form of an event that arrives late does not replace a newer one', async (ctx) => {
  const node = addressOf(ctx, 'elasticsearch')
  const { prefix, open } = indexAt(node)
  const index = open()
  await index.put([eventOf({ stack: '#0 a\n#1 b' })])
  await index.put([eventOf({ stack: '#0 a' })])
  expect((await index.recent({ limit: 9 })).map(({ stack }) => stack)).toEqual(['#0 a\n#1 b'])
  await index.close()
  await removeIndex(node, prefix)
})

test('whole months of old events go as whole indices', async (ctx) => {
  const node = addressOf(ctx, 'elasticsearch')
  const { prefix, open } = indexAt(node)
  const index = open()
  const times = ['1969-05-01', '2026-08-31', '2026-09-01', '2026-09-30', '2026-10-01'].map(
    Date.parse,
  )
  await index.put(times.map((time, n) => eventOf({ id: String(n), position: n, time })))
  expect(await index.purge(Date.parse('2026-09-15'))).toBe(3)
  expect((await index.recent({ limit: 9 })).map(({ id }) => id)).toEqual(['4', '3'])
  const client = new Client({ node })
  const names = Object.keys(await client.indices.get({ index: `${prefix}-*` })).sort()
  expect(names).toEqual([`${prefix}-2026.09`, `${prefix}-2026.10`, `${prefix}-other`])
  // What is put again after its index has gone finds a new one of the same form.
  await index.put([eventOf({ id: '1', position: 1, time: times[1] ?? 0 })])
  expect(await index.count()).toBe(3)
  await Promise.all([index.close(), client.close()])
  await removeIndex(node, prefix)
})
