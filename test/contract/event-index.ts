/** Cases that every event index must pass. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EventIndex } from '../../src/store/events.ts'
import { eventOf } from './store-samples.ts'

/** One empty index, which may be closed and opened again. */
export interface EventIndexHarness {
  open(): Promise<EventIndex>
  remove(): Promise<void>
}

export function eventIndexContract(
  name: string,
  harnessOf: () => Promise<EventIndexHarness>,
): void {
  describe(`${name} as an event index`, () => {
    let harness: EventIndexHarness
    let index: EventIndex

    beforeEach(async () => {
      harness = await harnessOf()
      index = await harness.open()
    })

    afterEach(async () => {
      await index.close()
      await harness.remove()
    })

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
  })
}
