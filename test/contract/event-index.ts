/** Cases that every event index must pass. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, type TestContext } from 'vitest'
import { everything, parseQuery } from '../../src/query/query.ts'
import type { EventIndex } from '../../src/store/events.ts'
import { expectSearch, matching, randomEvents, searchTree } from './event-search.ts'
import { eventOf } from './store-samples.ts'

/** One empty index, which may be closed and opened again. */
export interface EventIndexHarness {
  open(): Promise<EventIndex>
  /** Random queries that are tried; a server takes its time with each. */
  readonly queries: number
  remove(): Promise<void>
}

export function eventIndexContract(
  name: string,
  harnessOf: (ctx: TestContext) => Promise<EventIndexHarness>,
): void {
  describe(`${name} as an event index`, () => {
    let harness: EventIndexHarness
    let index: EventIndex
    let end = async (): Promise<void> => {}

    beforeEach(async (ctx) => {
      harness = await harnessOf(ctx)
      index = await harness.open()
      end = async () => {
        await index.close()
        await harness.remove()
      }
    })

    afterEach(() => end())

    const ids = async (query: object) =>
      (await index.recent({ limit: 100, ...query })).map(({ id }) => id)

    test('keeps events whole over a restart', async () => {
      const event = eventOf({ stack: '#0 a.php(3)\n#1 b.php(4)', service: null, status: 500 })
      await index.put([event])
      await index.close()
      index = await harness.open()
      expect(await index.recent({ limit: 10 })).toEqual([event])
      expect(await index.count()).toBe(1)
    })

    test('replaces by id and counts an event once, however often it is put', async () => {
      await index.put([eventOf({ id: 'a' }), eventOf({ id: 'a' }), eventOf({ id: 'b', time: 1 })])
      await index.put([eventOf({ id: 'a', text: 'amended', time: 9_000 })])
      expect(await index.count()).toBe(2)
      expect((await index.recent({ limit: 1 }))[0]).toMatchObject({ id: 'a', text: 'amended' })
    })

    test('gives the newest first, up to the limit', async () => {
      await index.put([3, 1, 4, 2].map((n) => eventOf({ id: String(n), time: n })))
      expect(await ids({})).toEqual(['4', '3', '2', '1'])
      expect(await ids({ limit: 2 })).toEqual(['4', '3'])
      expect(await ids({ limit: 0 })).toEqual([])
    })

    test('selects by time, service and signature', async () => {
      await index.put([
        eventOf({ id: 'a', time: 10, service: null }),
        eventOf({ id: 'b', time: 20, service: '' }),
        eventOf({ id: 'c', time: 30, signature: 's2' }),
        eventOf({ id: 'd', time: 40, signature: null }),
      ])
      expect(await ids({ from: 20, to: 40 })).toEqual(['c', 'b'])
      expect(await ids({ service: null })).toEqual(['a'])
      expect(await ids({ service: '' })).toEqual(['b'])
      expect(await ids({ service: 'web', signature: 's2' })).toEqual(['c'])
    })

    test('takes hostile text as text', async () => {
      const hostile = `'; DROP TABLE event;-- " OR 1=1 NEAR( \u0000 \u202e`
      await index.put([eventOf({ id: hostile, text: hostile, signature: hostile })])
      expect(await ids({ signature: hostile })).toEqual([hostile])
      expect(await ids({ signature: `' OR '1'='1` })).toEqual([])
    })

    test('purges what is older than a time and says how many', async () => {
      await index.put(Array.from({ length: 4_500 }, (_, n) => eventOf({ id: String(n), time: n })))
      expect(await index.purge(4_000)).toBe(4_000)
      expect(await index.count()).toBe(500)
      expect(await ids({ to: 4_001 })).toEqual(['4000'])
      expect(await index.purge(4_000)).toBe(0)
    })

    const found = async (query: string, parts: object = {}) => {
      const { events } = await index.search({ query: parseQuery(query), limit: 100, ...parts })
      return events.map(({ position }) => position)
    }
    const at = (position: number, parts: object) =>
      eventOf({ id: `app.log@${position}`, position, time: 5_000 + position, ...parts })

    test('finds events by the words of their message, and by the line where there is none', async () => {
      await index.put([
        at(1, { text: 'boom in the line', fields: { message: 'Upstream timed-out' } }),
        at(2, { text: 'boom in the line', fields: {} }),
        at(3, { text: 'x', fields: { message: 'the upstream is out of time' } }),
      ])
      expect(await found('boom')).toEqual([2])
      expect(await found('UPSTREAM')).toEqual([3, 1])
      expect(await found('"timed out"')).toEqual([1])
      expect(await found('"out timed"')).toEqual([])
      expect(await found('tim*')).toEqual([3, 1])
      expect(await found('NOT upstream')).toEqual([2])
      expect(await found('upstream OR boom', { limit: 2 })).toEqual([3, 2])
    })

    test('finds events by their fields, exactly', async () => {
      await index.put([
        at(1, { fields: { path: '/a/b', status: 503, agent: '' }, service: null }),
        at(2, { fields: { path: '/A/b', status: 99 }, service: 'web' }),
        at(3, { fields: { path: '/a/b?c=*', status: '503' }, service: 'webshop' }),
      ])
      expect(await found('path:/a/b')).toEqual([1])
      expect(await found('path:/a/*')).toEqual([3, 1])
      expect(await found('path:*\\*')).toEqual([3])
      expect(await found('status:503')).toEqual([3, 1])
      expect(await found('status:[100 TO 599]')).toEqual([3, 1])
      expect(await found('status:5?3 AND service:web*')).toEqual([3])
      expect(await found('agent:*')).toEqual([1])
      expect(await found('NOT service:*')).toEqual([1])
      expect(await found('path:>/a/b')).toEqual([3])
      expect(await found('*')).toEqual([3, 2, 1])
    })

    test('finds events within a stretch of time', async () => {
      await index.put([1, 2, 3, 4].map((position) => at(position, {})))
      expect(await found('*', { from: 5_002, to: 5_004 })).toEqual([3, 2])
      expect(await found('time:>=1970-01-01T00:00:05.003Z')).toEqual([4, 3])
    })

    test('finds an event by what it was replaced with, and nothing that was purged', async () => {
      await index.put([at(1, { fields: { message: 'first' } }), at(2, {})])
      await index.put([at(1, { fields: { message: 'second' }, stack: '#0 a' })])
      expect(await found('first')).toEqual([])
      expect(await found('second')).toEqual([1])
      await index.purge(5_002)
      expect(await found('second')).toEqual([])
      expect(await found('*')).toEqual([2])
    })

    test('gives events of one time in the order of their partition, page by page', async () => {
      const events = ['b', 'a'].flatMap((partition) =>
        [9, 10, 11].map((position) =>
          eventOf({ id: `${partition}@${position}`, partition, position, time: 7_000 }),
        ),
      )
      await index.put(events)
      const first = await index.search({ query: everything, limit: 4 })
      expect(first.events.map(({ id }) => id)).toEqual(['b@11', 'b@10', 'b@9', 'a@11'])
      expect(first).toMatchObject({
        total: 6,
        next: { time: 7_000, partition: 'a', position: 11 },
      })
      const before = first.next ?? undefined
      const second = await index.search({ query: everything, limit: 4, ...(before && { before }) })
      expect(second.events.map(({ id }) => id)).toEqual(['a@10', 'a@9'])
      expect(second).toMatchObject({ total: null, next: null })
    })

    test('finds what rules would match, for any query', async () => {
      const events = randomEvents(150, 7)
      await index.put(events)
      const limit = fc.constantFrom(7, 100)
      await fc.assert(
        fc.asyncProperty(searchTree, limit, async (query, pageEvents) => {
          await expectSearch(index, query, events, pageEvents)
        }),
        { numRuns: harness.queries, seed: 11 },
      )
      // The law would hold as well if nothing ever matched.
      const trees = fc.sample(searchTree, { numRuns: 300, seed: 11 })
      const counts = trees.map((query) => matching(query, events).length)
      expect(counts.filter((count) => count > 0 && count < 150).length).toBeGreaterThan(100)
    }, 120_000)

    test('S16, S17: takes hostile queries as values', async () => {
      await index.put([at(1, { fields: { message: 'calm', path: '/' } })])
      for (const hostile of [
        `path:"'; DROP TABLE event;--"`,
        String.raw`path:"\" OR 1=1"`,
        String.raw`NEAR\(calm\)`,
        '"calm OR NOT words:x"',
        `path:${'*a'.repeat(100)}`,
        `path:*a${'?'.repeat(40)}b`,
        `path:${'%_'.repeat(500)}`,
        String.raw`_exists_:x\"}}`,
        String.raw`path:"{\"script\":{}}"`,
        `${'NOT '.repeat(62)}path:x`,
        Array.from({ length: 255 }, (_, n) => `a${n}*`).join(' OR '),
        Array.from({ length: 255 }, (_, n) => `path:*${n}?`).join(' OR '),
      ]) {
        expect(await found(hostile), hostile).toEqual([])
      }
      expect(await found('calm')).toEqual([1])
    })
  })
}
