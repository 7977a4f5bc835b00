/** Cases that every state store must pass. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Notification, PaneRow, State, StateReader } from '../../src/store/state.ts'
import { compactionCases } from './state-compaction.ts'
import {
  alertOf,
  commitOf,
  deployOf,
  dispatchOf,
  eventOf,
  notificationOf,
  paneOf,
  signatureOf,
  transitionOf,
} from './store-samples.ts'

/** One empty store, which may be closed and opened again. */
export interface StateHarness {
  open(): Promise<State>
  openReader(): Promise<StateReader>
  remove(): Promise<void>
}

const everything = { from: -1e12, to: 1e12 }

export function stateContract(name: string, harnessOf: () => Promise<StateHarness>): void {
  describe(`${name} as a state`, () => {
    let harness: StateHarness
    let state: State

    beforeEach(async () => {
      harness = await harnessOf()
      state = await harness.open()
    })

    afterEach(async () => {
      await state.close()
      await harness.remove()
    })

    test('keeps everything over a restart', async () => {
      const all = commitOf({
        records: [{ kind: 'partition', key: 'app.log', value: { offset: 42 } }],
        panes: [paneOf({ count: 3, late: 1 })],
        signatures: [signatureOf({})],
        alerts: [alertOf({})],
        transitions: [transitionOf({})],
        deploys: [deployOf({})],
        backlog: [eventOf({})],
      })
      await state.commit(all)
      await state.dispatch(dispatchOf({ notifications: [notificationOf({})] }))
      await state.close()
      state = await harness.open()
      expect(await state.records('partition')).toEqual(new Map([['app.log', { offset: 42 }]]))
      expect(await state.panes(everything)).toEqual([
        {
          service: 'web',
          env: 'production',
          kind: 'status',
          id: '500',
          second: 1_000,
          width: 1,
          count: 3,
          late: 1,
        },
      ])
      expect(await state.signatures()).toEqual([signatureOf({})])
      expect(await state.alerts({})).toEqual([alertOf({})])
      expect(await state.undispatched()).toEqual([transitionOf({})])
      expect(await state.deploys()).toEqual([deployOf({})])
      expect(await state.backlog(10)).toEqual([eventOf({})])
      expect(await state.notifications()).toEqual([notificationOf({})])
      expect(await state.info()).toMatchObject({ commits: 1, backlog: 1, backlogDropped: 0 })
    })

    test('copies a commit before the call returns', async () => {
      const value = { offset: 1 }
      const committed = state.commit(
        commitOf({ records: [{ kind: 'partition', key: 'app.log', value }] }),
      )
      value.offset = 2
      await committed
      expect(await state.records('partition')).toEqual(new Map([['app.log', { offset: 1 }]]))
    })

    test('replaces a record, deletes it by null, and keeps kinds apart', async () => {
      await state.commit(
        commitOf({
          records: [
            { kind: 'scope', key: 'a', value: 1 },
            { kind: 'scope', key: 'b', value: 1 },
            { kind: 'series', key: 'a', value: 'other' },
          ],
        }),
      )
      await state.dispatch(
        dispatchOf({
          records: [
            { kind: 'scope', key: 'a', value: null },
            { kind: 'scope', key: 'b', value: [2] },
          ],
        }),
      )
      expect(await state.records('scope')).toEqual(new Map([['b', [2]]]))
      expect(await state.records('series')).toEqual(new Map([['a', 'other']]))
    })

    test('keeps hostile keys and values as data', async () => {
      const value = JSON.parse(
        '{"__proto__":{"polluted":1},"text":"\\u0000\\ud800 \\";--"}',
      ) as unknown
      const key = `__proto__'); DROP TABLE record;--\u0000x`
      await state.commit(commitOf({ records: [{ kind: 'series', key, value }] }))
      const stored = await state.records('series')
      expect([...stored.keys()]).toEqual([key])
      expect(JSON.stringify(stored.get(key))).toBe(
        '{"__proto__":{"polluted":1},"text":"\\u0000\\ud800 \\";--"}',
      )
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    })

    test('adds pane counts to what is stored', async () => {
      await state.commit(commitOf({ panes: [paneOf({ count: 2 }), paneOf({ count: 3, late: 1 })] }))
      await state.commit(commitOf({ panes: [paneOf({ count: 5, late: 2 })] }))
      expect(counts(await state.panes(everything))).toEqual([[1_000, 10, 3]])
    })

    test('keeps a null service apart from one with an empty name', async () => {
      const services = [null, '', 'web', '=web']
      const panes = services.map((service, n) => paneOf({ service, count: n + 1 }))
      const signatures = services.map((service, n) => signatureOf({ service, count: n + 1 }))
      await state.commit(commitOf({ panes, signatures }))
      for (const [n, service] of services.entries()) {
        const found = await state.panes({ ...everything, service })
        expect(found.map((pane) => [pane.service, pane.count])).toEqual([[service, n + 1]])
      }
      expect(new Set((await state.signatures()).map(({ service }) => service))).toEqual(
        new Set(services),
      )
    })

    test('finds panes by range, service, environment and kind', async () => {
      await state.commit(
        commitOf({
          panes: [
            paneOf({ second: 99 }),
            paneOf({ second: 100 }),
            paneOf({ second: 101, env: 'staging' }),
            paneOf({ second: 102, kind: 'level', id: 'error' }),
            paneOf({ second: 103, service: 'api' }),
            paneOf({ second: 104 }),
          ],
        }),
      )
      const seconds = async (query: object) =>
        (await state.panes({ from: 100, to: 104, ...query })).map(({ second }) => second)
      expect(await seconds({})).toEqual([100, 101, 102, 103])
      expect(await seconds({ env: 'staging' })).toEqual([101])
      expect(await seconds({ kinds: ['level', 'requests'] })).toEqual([102])
      expect(await seconds({ kinds: [] })).toEqual([])
      expect(await seconds({ service: 'api' })).toEqual([103])
    })

    test('adds up a signature, and shows its newest event and earliest time', async () => {
      await state.commit(
        commitOf({
          signatures: [signatureOf({ firstSeen: 50, lastSeen: 70, count: 2, sample: 'x' })],
        }),
      )
      const older = { firstSeen: 10, lastSeen: 60, count: 3, sample: 'old', level: 'warn' }
      await state.commit(commitOf({ signatures: [signatureOf({ ...older, group: 'g2' })] }))
      expect(await state.signatures()).toEqual([
        signatureOf({ firstSeen: 10, lastSeen: 70, count: 5, sample: 'x', group: 'g2' }),
      ])
      const newer = { firstSeen: 80, lastSeen: 90, count: 1, sample: 'new', level: 'crit' }
      await state.commit(commitOf({ signatures: [signatureOf(newer)] }))
      expect(await state.signatures()).toEqual([
        signatureOf({ firstSeen: 10, lastSeen: 90, count: 6, sample: 'new', level: 'crit' }),
      ])
    })

    test('keeps one alert per fingerprint and onset, newest first', async () => {
      const first = alertOf({ startsAt: '2026-11-01T10:00:00.000Z' })
      const second = alertOf({ startsAt: '2026-11-01T11:00:00.000Z' })
      const resolved = { ...first, state: 'resolved', endsAt: '2026-11-01T10:05:00.000Z' } as const
      await state.commit(commitOf({ alerts: [first, second] }))
      await state.commit(commitOf({ alerts: [resolved] }))
      expect(await state.alerts({})).toEqual([second, resolved])
      expect(await state.alerts({ states: ['resolved'] })).toEqual([resolved])
      expect(await state.alerts({ states: ['pending', 'firing'] })).toEqual([second])
      expect(await state.alerts({ limit: 1 })).toEqual([second])
    })

    test('takes a transition once and hands it out until it is dispatched, in order', async () => {
      const [a, b, c] = ['b', 'a', 'c'].map((id) => transitionOf({ id }))
      await state.commit(commitOf({ transitions: [a!, b!] }))
      await state.commit(commitOf({ transitions: [transitionOf({ id: 'b', at: 99 }), c!] }))
      expect(await state.undispatched()).toEqual([a, b, c])
      await state.dispatch(dispatchOf({ dispatched: ['a', 'b'] }))
      await state.commit(commitOf({ transitions: [a!] }))
      expect(await state.undispatched()).toEqual([c])
    })

    test('amends a deploy by its id and lists them by start', async () => {
      const early = deployOf({ id: 'z', start: '2026-11-01T09:00:00.000Z' })
      const running = deployOf({ id: 'a', status: 'running' })
      await state.commit(commitOf({ deploys: [running, early] }))
      const done = deployOf({ id: 'a', status: 'done', end: '2026-11-01T10:01:00.000Z' })
      await state.commit(commitOf({ deploys: [done] }))
      expect(await state.deploys()).toEqual([early, done])
    })

    test('lists notifications: waiting ones by age, then parked, then delivered', async () => {
      const states = ['waiting', 'delivered', 'parked', 'delivered', 'waiting', 'parked'] as const
      const all = states.map((known, n) => notificationOf({ key: `k${n}`, state: known }))
      await state.dispatch(dispatchOf({ notifications: all }))
      const keys = async (limit?: number) =>
        (await state.notifications(limit)).map(({ key }) => key)
      expect(await keys()).toEqual(['k0', 'k4', 'k5', 'k2', 'k3', 'k1'])
      expect(await keys(3)).toEqual(['k0', 'k4', 'k5'])
      await state.dispatch(dispatchOf({ notifications: [{ ...all[0]!, state: 'delivered' }] }))
      expect(await keys(1)).toEqual(['k4'])
    })

    test('hands out the oldest waiting notifications of each receiver', async () => {
      const receivers = ['dead', 'dead', 'dead', 'chat', 'dead', 'chat']
      const all = receivers.map((receiver, n) => notificationOf({ key: `k${n}`, receiver }))
      await state.dispatch(dispatchOf({ notifications: all }))
      await state.dispatch(dispatchOf({ notifications: [{ ...all[0]!, state: 'delivered' }] }))
      const waiting = await state.waiting(2)
      expect(waiting.map(({ key }) => key)).toEqual(['k1', 'k2', 'k3', 'k5'])
    })

    test('counts what each receiver has not taken, with the reasons of the oldest and the newest', async () => {
      const of = (
        key: string,
        receiver: string,
        known: Notification['state'],
        error: string | null,
      ) => notificationOf({ key, receiver, state: known, error })
      const all = [
        of('k0', 'team', 'waiting', 'busy'),
        of('k1', 'team', 'waiting', 'full'),
        of('k2', 'chat', 'parked', 'too long'),
        of('k3', 'chat', 'parked', 'archived'),
        of('k4', 'team', 'delivered', null),
        of('k5', 'chat', 'waiting', null),
      ]
      expect(await state.undelivered()).toEqual([])
      await state.dispatch(dispatchOf({ notifications: all }))
      expect(await state.undelivered()).toEqual([
        { receiver: 'chat', waiting: 1, waitingError: null, parked: 2, parkedError: 'archived' },
        { receiver: 'team', waiting: 2, waitingError: 'busy', parked: 0, parkedError: null },
      ])
    })

    test('keeps the backlog in order until events are dropped', async () => {
      const events = ['c', 'a', 'b'].map((id) => eventOf({ id }))
      await state.commit(commitOf({ backlog: events }))
      expect((await state.backlog(2)).map(({ id }) => id)).toEqual(['c', 'a'])
      await state.dropBacklog(['c', 'b', 'unknown'])
      expect((await state.backlog(2)).map(({ id }) => id)).toEqual(['a'])
    })

    test('shows a reader whole commits only', async () => {
      const commitNumber = (n: number) =>
        commitOf({
          records: Array.from({ length: 20 }, (_, key) => ({
            kind: 'series',
            key: String(key),
            value: n,
          })),
        })
      await state.commit(commitNumber(0))
      const reader = await harness.openReader()
      const seen: number[] = []
      let last: Promise<void> = Promise.resolve()
      for (let n = 1; n <= 100; n++) {
        last = state.commit(commitNumber(n))
        if (n % 10 === 0) await last
        const values = new Set((await reader.records('series')).values())
        expect(values.size).toBe(1)
        seen.push(...(values as Set<number>))
      }
      await last
      expect([...new Set((await reader.records('series')).values())]).toEqual([100])
      expect(seen).toEqual([...seen].sort((a, b) => a - b))
      expect(new Set(seen).size).toBeGreaterThan(5)
      await reader.close()
    })

    test('changes nothing when a commit fails, and takes the next one', async () => {
      await state.commit(commitOf({ panes: [paneOf({ count: 1 })] }))
      const broken = paneOf({ count: null as unknown as number })
      const failing = state.commit(
        commitOf({
          records: [{ kind: 'partition', key: 'app.log', value: { offset: 9 } }],
          panes: [paneOf({ count: 10 }), broken],
        }),
      )
      const next = state.commit(commitOf({ panes: [paneOf({ count: 100 })] }))
      await expect(failing).rejects.toThrow()
      await next
      expect(counts(await state.panes(everything))).toEqual([[1_000, 101, 0]])
      expect(await state.records('partition')).toEqual(new Map())
      expect(await state.info()).toMatchObject({ commits: 2 })
    })

    compactionCases(() => state)
  })
}

function counts(panes: readonly PaneRow[]): number[][] {
  return panes.map(({ second, count, late }) => [second, count, late])
}
