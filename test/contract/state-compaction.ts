/** The cases of compaction and retention, which every state store must pass; see state.ts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PaneRow, State } from '../../src/store/state.ts'
import {
  alertOf,
  commitOf,
  deployOf,
  dispatchOf,
  notificationOf,
  paneOf,
  signatureOf,
  transitionOf,
} from './store-samples.ts'

const dayMs = 86_400_000
const everything = { from: -1e12, to: 1e12 }

export function compactionCases(stateOf: () => State): void {
  test('coarsens panes by age to whole minutes and hours', async () => {
    const now = 100 * dayMs
    const seconds = [
      now / 1_000 - 10, // stays
      now / 1_000 - 2 * 86_400, // exactly 48 h ago: the minute is not over by then
      now / 1_000 - 2 * 86_400 - 1,
      now / 1_000 - 2 * 86_400 - 60,
      now / 1_000 - 14 * 86_400 - 1,
      now / 1_000 - 14 * 86_400 - 3_600,
    ]
    await stateOf().commit(commitOf({ panes: seconds.map((second) => paneOf({ second })) }))
    await stateOf().compact(now, 30 * dayMs)
    expect((await stateOf().panes(everything)).map((pane) => [pane.second, pane.width, pane.count]))
      .toEqual([
        [86 * 86_400 - 3_600, 3_600, 2],
        [98 * 86_400 - 60, 60, 2],
        [98 * 86_400, 1, 1],
        [100 * 86_400 - 10, 1, 1],
      ]) // prettier-ignore
  })

  test('keeps every sum when it compacts, however often and in whatever order', async () => {
    const now = 100 * dayMs
    const delta = fc.record({
      second: fc.integer({ min: now / 1_000 - 20 * 86_400, max: now / 1_000 }),
      service: fc.constantFrom(null, 'web'),
      id: fc.constantFrom('500', '404'),
      count: fc.nat(9),
      late: fc.nat(3),
    })
    const before = new Map<string, number>()
    const rounds = fc.array(fc.array(delta, { maxLength: 60 }), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(rounds, async (commits) => {
        for (const deltas of commits) {
          await stateOf().commit(commitOf({ panes: deltas.map(paneOf) }))
          for (const pane of deltas) addUp(before, { ...paneOf(pane), width: 1 })
          await stateOf().compact(now, 30 * dayMs)
        }
        const after = new Map<string, number>()
        const panes = await stateOf().panes(everything)
        for (const pane of panes) addUp(after, pane)
        expect(after).toEqual(before)
        for (const { second, width } of panes) {
          expect(second % width).toBe(0)
          expect(width).toBe(widthAt(now / 1_000 - second))
        }
      }),
      { numRuns: 25 },
    )
  })

  test('forgets what is past retention and nothing that is still open', async () => {
    const now = 100 * dayMs
    const iso = (days: number) => new Date(days * dayMs).toISOString()
    const old = { startsAt: iso(10), endsAt: iso(11) }
    await stateOf().commit(
      commitOf({
        panes: [paneOf({ second: 80 * 86_400 }), paneOf({ second: 99 * 86_400 })],
        signatures: [
          signatureOf({ id: 'old', lastSeen: 80 * dayMs }),
          signatureOf({ id: 'new', firstSeen: 80 * dayMs, lastSeen: 95 * dayMs }),
        ],
        alerts: [
          alertOf({ ...old, fingerprint: 'over', state: 'resolved' }),
          alertOf({ ...old, fingerprint: 'open', endsAt: null }),
          alertOf({
            fingerprint: 'recent',
            state: 'resolved',
            startsAt: iso(10),
            endsAt: iso(95),
          }),
        ],
        transitions: [
          transitionOf({ id: 'told', at: 10 * dayMs }),
          transitionOf({ id: 'untold', at: 10 * dayMs }),
        ],
      }),
    )
    await stateOf().dispatch(
      dispatchOf({
        dispatched: ['told'],
        notifications: [
          notificationOf({ key: 'delivered', state: 'delivered', createdAt: 10 * dayMs }),
          notificationOf({ key: 'parked', state: 'parked', createdAt: 10 * dayMs }),
          notificationOf({ key: 'waiting', createdAt: 10 * dayMs }),
        ],
      }),
    )
    await stateOf().compact(now, 10 * dayMs)
    expect((await stateOf().panes(everything)).map(({ second }) => second)).toEqual([99 * 86_400])
    expect((await stateOf().signatures()).map(({ id }) => id)).toEqual(['new'])
    expect((await stateOf().alerts({})).map((alert) => alert.fingerprint)).toEqual([
      'open',
      'recent',
    ])
    expect((await stateOf().undispatched()).map(({ id }) => id)).toEqual(['untold'])
    expect((await stateOf().notifications()).map(({ key }) => key)).toEqual(['waiting', 'parked'])
  })

  test('keeps the deploy in effect at the end of the retention', async () => {
    const iso = (days: number) => new Date(days * dayMs).toISOString()
    const deploys = [
      deployOf({ id: 'web 1', start: iso(10) }),
      deployOf({ id: 'web 2', start: iso(20) }),
      deployOf({ id: 'web 3', start: iso(95) }),
      deployOf({ id: 'all 1', service: null, start: iso(5) }),
      deployOf({ id: 'staging 1', env: 'staging', start: iso(6) }),
    ]
    await stateOf().commit(commitOf({ deploys }))
    await stateOf().compact(100 * dayMs, 10 * dayMs)
    const kept = (await stateOf().deploys()).map(({ id }) => id)
    expect(kept).toEqual(['all 1', 'staging 1', 'web 2', 'web 3'])
  })
}

function addUp(sums: Map<string, number>, { service, id, count, late }: PaneRow): void {
  for (const [name, value] of [
    ['count', count],
    ['late', late],
  ] as const) {
    // prettier-ignore
    const key = `${service}/${id}/${name}`
    const sum = (sums.get(key) ?? 0) + value
    sums.set(key, sum)
  }
}

/** The width that a pane of this age, in seconds before a whole day, must have. */
function widthAt(ageSeconds: number): number {
  if (ageSeconds > 14 * 86_400) return 3_600
  return ageSeconds > 2 * 86_400 ? 60 : 1
}
