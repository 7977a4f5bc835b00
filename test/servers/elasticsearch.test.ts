/** The event index against a real Elasticsearch: the same answers as SQLite's, and its refusals. */
import { Client } from '@elastic/elasticsearch'
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/flow/time.ts'
import { parseQuery } from '../../src/query/query.ts'
import type { EventIndex } from '../../src/store/events.ts'
import { openEventIndex } from '../../src/store/sqlite-events.ts'
import { eventIndexContract } from '../contract/event-index.ts'
import { eventOf } from '../contract/store-samples.ts'
import { temporaryDir } from '../store/directories.ts'
import { questions, shopEvents } from './elasticsearch-events.ts'
import { indexAt, removeIndex } from './elasticsearch-index.ts'
import { addressOf } from './tests.ts'

const pageEvents = 5_000

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
    const [theirs, ours] = await Promise.all([read(elastic, text), read(sqlite, text)])
    expect(theirs.pages, text).toEqual(ours.pages)
    expect(theirs.first, text).toEqual(ours.first)
    expect(ours.total, text).toBe(ours.pages.flat().length)
    expect(theirs.total, text).toBe(ours.total)
    found += ours.pages.flat().length
  }
  expect(found).toBeGreaterThan(100_000)
  await Promise.all([elastic.close(), sqlite.close()])
  await removeIndex(node, prefix)
})

/** Everything that a query finds, page by page: the ids, the first events whole, the total. */
async function read(index: EventIndex, text: string) {
  const query = parseQuery(text)
  const first = await index.search({ query, limit: pageEvents })
  const pages = [first.events.map(({ id }) => id)]
  for (let before = first.next; before !== null;) {
    const page = await index.search({ query, limit: pageEvents, before })
    pages.push(page.events.map(({ id }) => id))
    before = page.next
  }
  return { pages, first: first.events.slice(0, 100), total: first.total }
}

test('a full disk stops writes until there is room again, and nothing is lost', async (ctx) => {
  const node = addressOf(ctx, 'elasticsearch')
  const { prefix, metrics, open } = indexAt(node)
  const index = open()
  const client = new Client({ node })
  await index.put([eventOf({ id: 'a' })])
  // What Elasticsearch sets itself beyond the flood-stage watermark.
  const block = (full: boolean) =>
    client.indices.putSettings({
      index: `${prefix}-*`,
      settings: { 'index.blocks.read_only_allow_delete': full ? true : null },
    })
  await block(true)
  await expect(index.put([eventOf({ id: 'b', position: 1 })])).rejects.toMatchObject({
    code: 'INDEX_AWAY',
    message: expect.stringMatching(/refuses 1 of 1 events for now: 429 cluster_block_exception .*disk usage exceeded flood-stage watermark/) as string, // prettier-ignore
  })
  expect(metrics.text()).toContain('lastpush_index_retried_total 3\n')
  expect((await index.recent({ limit: 9 })).map(({ id }) => id)).toEqual(['a'])
  await block(false)
  await index.put([eventOf({ id: 'b', position: 1 })])
  expect(await index.count()).toBe(2)
  await Promise.all([index.close(), client.close()])
  await removeIndex(node, prefix)
})

test('an event that the mapping refuses is left out alone, with a warning and a count', async (ctx) => {
  const node = addressOf(ctx, 'elasticsearch')
  const { prefix, metrics, warnings, open } = indexAt(node)
  const index = open()
  const beyondLong = 2 ** 70
  const events = [eventOf({ id: 'a' }), eventOf({ id: 'b', position: beyondLong }), eventOf({ id: 'c' })] // prettier-ignore
  await index.put(events)
  expect((await index.recent({ limit: 9 })).map(({ id }) => id).sort()).toEqual(['a', 'c'])
  expect(metrics.text()).toContain('lastpush_index_parked_total 1\n')
  expect(warnings).toMatchObject([
    { id: 'b', reason: expect.stringContaining('failed to parse field [position]') as string },
  ])
  await index.close()
  await removeIndex(node, prefix)
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
