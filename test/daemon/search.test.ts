import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { search } from '../../src/daemon/search.ts'
import { DeployTracker } from '../../src/deploys/tracker.ts'
import { readCursor } from '../../src/server/cursor.ts'
import type { EventsQuestion } from '../../src/server/view.ts'
import type { EventIndex } from '../../src/store/events.ts'
import { openEventIndex } from '../../src/store/sqlite-events.ts'
import { deployOf, eventOf } from '../contract/store-samples.ts'
import { temporaryDir } from '../store/directories.ts'

const noon = Date.UTC(2026, 10, 1, 12)
const minute = 60_000
let index: EventIndex
let tracker: DeployTracker

/** Events each minute from noon, of web, api and none; pushes of web at 3 and 6 minutes. */
beforeEach(async () => {
  index = await openEventIndex(await temporaryDir())
  const services = ['web', 'api', null]
  await index.put(
    Array.from({ length: 9 }, (_, position) =>
      eventOf({
        id: `app.log@${position}`,
        position,
        time: noon + position * minute,
        service: services[position % 3] ?? null,
        env: position === 8 ? 'staging' : 'production',
        sha: position === 6 ? '9999999' : null,
      }),
    ),
  )
  tracker = new DeployTracker()
  for (const [id, sha, at] of [
    ['d1', 'abc1234', 3],
    ['d2', 'def5678', 6],
  ] as const) {
    tracker.add(deployOf({ id, sha, start: new Date(noon + at * minute).toISOString() }))
  }
})

afterEach(() => index.close())

const found = async (question: EventsQuestion) => {
  const { events } = await search(question, { index, tracker })
  return events.map(({ position }) => position)
}

describe('search', () => {
  test('finds by query, time, service and environment', async () => {
    expect(await found({ q: 'cannot' })).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0])
    expect(await found({ q: ' ' })).toHaveLength(9)
    expect(await found({ q: 'NOT env:staging', service: 'web' })).toEqual([6, 3, 0])
    expect(await found({ env: 'staging' })).toEqual([8])
    expect(await found({ from: noon + minute, to: noon + 3 * minute })).toEqual([2, 1])
  })

  test('finds what happened while a deploy was in effect, where it was', async () => {
    expect(await found({ deploy: 'abc1234' })).toEqual([5, 3])
    expect(await found({ deploy: 'd1', service: 'web' })).toEqual([3])
    // To the end, as nothing superseded it; what has no service may have met it.
    expect(await found({ deploy: 'def5678' })).toEqual([6])
    expect(await found({ deploy: 'd1', from: noon + 4 * minute })).toEqual([5])
    expect(await found({ deploy: 'd1', to: noon + 2 * minute })).toEqual([])
  })

  test('says which deploy each event met, and the SHA that its line names', async () => {
    const { events } = await search({ service: 'web' }, { index, tracker })
    const told = events.map(({ position, time, sha, deploy }) => [position, time, sha, deploy])
    expect(told).toEqual([
      [6, '2026-11-01T12:06:00.000Z', '9999999', null],
      [3, '2026-11-01T12:03:00.000Z', 'abc1234', 'd1'],
      [0, '2026-11-01T12:00:00.000Z', null, null],
    ])
  })

  test('goes on where an answer ends', async () => {
    const first = await search({ q: '*', limit: 4 }, { index, tracker })
    expect(first.total).toBe(9)
    const before = readCursor(first.next ?? '')
    expect(before).toEqual({ time: noon + 5 * minute, partition: 'app.log', position: 5 })
    expect(await found({ q: '*', ...(before && { before }) })).toEqual([4, 3, 2, 1, 0])
  })

  test.each<[EventsQuestion, string]>([
    [{ q: 'status:' }, 'QUERY_INVALID'],
    [{ q: "'; DROP TABLE event;-- (" }, 'QUERY_INVALID'],
    [{ q: Array.from({ length: 257 }, () => 'a').join(' OR ') }, 'QUERY_INVALID'],
    [{ q: Array.from({ length: 256 }, () => 'a').join(' '), service: 'web' }, 'QUERY_INVALID'],
    [{ deploy: 'nosuch1' }, 'DEPLOY_UNKNOWN'],
  ])('refuses %j', async (question, code) => {
    await expect(found(question)).rejects.toMatchObject({ code })
  })

  test('says that there is no index to search', async () => {
    const asked = search({ q: '*' }, { index: null, tracker })
    await expect(asked).rejects.toMatchObject({ code: 'INDEX_AWAY' })
  })
})
