import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Dispatcher } from '../../src/alerts/dispatcher.ts'
import { routeDefaults, type Route, type Routing } from '../../src/alerts/route.ts'
import { Silences } from '../../src/alerts/silences.ts'
import { Metrics } from '../../src/flow/metrics.ts'
import { ManualClock } from '../../src/flow/time.ts'
import type { Alert, Transition } from '../../src/model/alert.ts'
import type { Page } from '../../src/model/page.ts'
import { openTemporaryState, type TemporaryState } from '../../src/store/sqlite.ts'
import { parseQuery } from '../../src/query/query.ts'
import { deployOf } from '../deploys/deploy-of.ts'
import { alertOf } from './alert-of.ts'

const t0 = Date.UTC(2026, 10, 23, 12)
const route: Route = { ...routeDefaults, receiver: 'oncall' }
const badPush = deployOf('3b77d0c5ae', 0, { id: 'd1' })
const fix = deployOf('91c02fe77b', 5, { id: 'd2' })

const onlyRoute: Routing = { routes: [], otherwise: route }

let store: TemporaryState
let clock: ManualClock
let silences: Silences
let metrics: Metrics
let dispatcher: Dispatcher
let committed: number

beforeEach(async () => {
  store = await openTemporaryState()
  clock = new ManualClock(t0)
  silences = new Silences(store.state, clock)
  metrics = new Metrics()
  dispatcher = dispatcherOver(onlyRoute)
  committed = 0
})
afterEach(() => store.close())

function dispatcherOver(routing: Routing): Dispatcher {
  return new Dispatcher({
    state: store.state,
    clock,
    routing,
    mutedBy: (alert) => silences.mutedBy(alert),
    metrics,
    render: (page) =>
      JSON.stringify(page, (_, value: unknown) =>
        value instanceof Map ? (Object.fromEntries(value) as object) : value,
      ),
    deployById: (id) => [badPush, fix].find((deploy) => deploy.id === id) ?? null,
    deployBySha: (sha) => [badPush, fix].find((deploy) => deploy.sha === sha) ?? null,
    urlOf: (alert) => `http://127.0.0.1:7077/?from=${alert.startsAt}`,
  })
}

type Change = [kind: Transition['kind'], alert: Partial<Alert>]

/** Commits transitions as the pipeline does: a stable id each. */
async function commit(...changes: Change[]) {
  const transitions = changes.map(([kind, given]): Transition => {
    const state = kind === 'resolved' ? 'resolved' : 'firing'
    return { id: `t${committed++}`, kind, at: clock.now(), alert: alertOf({ state, ...given }) }
  })
  await store.state.commit({ records: [], panes: [], signatures: [], alerts: [], transitions, deploys: [], backlog: [] }) // prettier-ignore
}

/** Moves the clock on and dispatches. */
async function after(seconds: number): Promise<number> {
  clock.advance(seconds * 1_000)
  return dispatcher.dispatch()
}

async function pages(): Promise<Page[]> {
  const notifications = await store.state.waiting(1_000)
  return notifications.map(({ body }) => JSON.parse(body) as Page)
}

async function told(): Promise<string[]> {
  return (await pages()).map(
    ({ reason, alerts }) =>
      `${reason}: ${alerts.map(({ fingerprint, state }) => `${fingerprint} ${state}`).join(', ')}`,
  )
}

describe('a wall clock that is set', () => {
  test('on by hours repeats no page early, and repeats it in its time', async () => {
    await commit(['firing', {}])
    await after(0)
    await after(3)
    clock.step(5 * 3_600_000)
    expect(await after(1)).toBe(0)
    expect(await after(4 * 3_600 - 2)).toBe(0)
    expect(await after(1)).toBe(1)
  })

  test('back by hours holds no first page up', async () => {
    await commit(['firing', {}])
    await after(0)
    clock.step(-5 * 3_600_000)
    expect(await after(2)).toBe(0)
    expect(await after(1)).toBe(1)
  })

  test('back while nobody ran holds no page up longer than its route says', async () => {
    await commit(['firing', { fingerprint: 'aa' }])
    await after(0)
    await after(3)
    await commit(['firing', { fingerprint: 'bb' }])
    await after(0)
    clock.step(-5 * 3_600_000)
    dispatcher = dispatcherOver(onlyRoute)
    await dispatcher.restore()
    expect(await after(29)).toBe(0)
    expect(await after(1)).toBe(1)
  })
})

describe('the dispatcher', () => {
  test('tells one page for what breaks together', async () => {
    await commit(['firing', { fingerprint: 'aa' }])
    expect(await after(0)).toBe(0)
    await commit(['firing', { fingerprint: 'bb' }])
    expect(await after(2)).toBe(0)
    expect(await after(1)).toBe(1)
    expect(await told()).toEqual(['firing: aa firing, bb firing'])
  })

  test('tells a page with all that a receiver shows', async () => {
    await commit(['firing', {}])
    await after(0)
    await after(3)
    const [page] = await pages()
    expect(page).toMatchObject({
      receiver: 'oncall',
      groupLabels: { deploy: 'd1' },
      reason: 'firing',
      status: 'firing',
      deploys: { d1: badPush },
      fixes: {},
      url: 'http://127.0.0.1:7077/?from=2026-11-23T12:00:00.000Z',
    })
    const [notification] = await store.state.waiting(1)
    expect(notification).toMatchObject({
      key: page?.key,
      receiver: 'oncall',
      groupKey: page?.groupKey,
      transitions: ['t0'],
      state: 'waiting',
      attempts: 0,
      nextAttemptAt: t0 + 3_000,
      createdAt: t0 + 3_000,
    })
  })

  test('tells every alert with the deploy that it is attributed to itself', async () => {
    dispatcher = dispatcherOver({ routes: [], otherwise: { ...route, groupBy: ['service'] } })
    await commit(
      ['firing', { fingerprint: 'aa', deploy: null, sha: null }],
      ['firing', { fingerprint: 'bb', deploy: 'd1' }],
      ['firing', { fingerprint: 'cc', deploy: 'd2' }],
    )
    await after(3)
    await after(3)
    const [page] = await pages()
    expect(page?.alerts.map(({ deploy }) => deploy)).toEqual([null, 'd1', 'd2'])
    expect(page?.deploys).toEqual({ d1: badPush, d2: fix })
  })

  test('tells what follows as one update after group_interval', async () => {
    await commit(['firing', { fingerprint: 'aa' }])
    await after(0)
    await after(3)
    await commit(['firing', { fingerprint: 'bb' }])
    await after(10)
    await commit(['firing', { fingerprint: 'cc' }])
    expect(await after(19)).toBe(0)
    expect(await after(1)).toBe(1)
    expect((await told()).at(-1)).toBe('update: aa firing, bb firing, cc firing')
  })

  test('tells the end once, when every alert is over', async () => {
    await commit(['firing', { fingerprint: 'aa' }], ['firing', { fingerprint: 'bb' }])
    await after(0)
    await after(3)
    await commit(['resolved', { fingerprint: 'aa', fixedBy: fix.sha }])
    await after(30)
    await commit(['resolved', { fingerprint: 'bb', fixedBy: fix.sha }])
    await after(0)
    expect(await after(2)).toBe(0)
    expect(await after(1)).toBe(1)
    expect(await after(100_000)).toBe(0)
    expect(await told()).toEqual([
      'firing: aa firing, bb firing',
      'update: bb firing, aa resolved',
      'resolved: aa resolved, bb resolved',
    ])
    expect((await pages()).at(-1)).toMatchObject({ status: 'resolved', fixes: { [fix.sha]: fix } })
    expect(await store.state.records('group')).toEqual(new Map())
  })

  test('repeats a page that nothing has followed after repeat_interval', async () => {
    await commit(['firing', {}])
    await after(0)
    await after(3)
    expect(await after(4 * 3_600 - 1)).toBe(0)
    expect(await after(1)).toBe(1)
    expect(await told()).toEqual(['firing: aa firing', 'repeat: aa firing'])
  })

  test('tells both of an alert that is over before its first page', async () => {
    await commit(['firing', {}])
    await after(0)
    await commit(['resolved', { endsAt: '2026-11-23T12:00:01.000Z' }])
    expect(await after(3)).toBe(2)
    const [first, second] = await pages()
    expect([first?.reason, second?.reason]).toEqual(['firing', 'resolved'])
    expect(first?.alerts).toMatchObject([{ state: 'firing', endsAt: null }])
    expect(second?.alerts).toMatchObject([
      { state: 'resolved', endsAt: '2026-11-23T12:00:01.000Z' },
    ])
    expect(first?.key).not.toBe(second?.key)
    const notifications = await store.state.waiting(10)
    expect(notifications.flatMap(({ transitions }) => transitions)).toEqual(['t0', 't1'])
  })

  test('tells both also when they were committed together', async () => {
    await commit(['firing', {}], ['resolved', {}])
    await after(0)
    expect(await after(3)).toBe(2)
  })

  test('tells an alert that is over before the first page of the others as resolved', async () => {
    await commit(['firing', { fingerprint: 'aa' }], ['firing', { fingerprint: 'bb' }])
    await after(0)
    const endsAt = '2026-11-23T12:00:01.000Z'
    await commit(['resolved', { fingerprint: 'aa', endsAt, fixedBy: fix.sha }])
    expect(await after(3)).toBe(1)
    expect(await told()).toEqual(['firing: bb firing, aa resolved'])
    const [page] = await pages()
    expect(page?.alerts[1]).toMatchObject({ endsAt, fixedBy: fix.sha })
    expect(await after(60)).toBe(0)
  })

  test('counts what a page has no room for, and tells the end only when all of it is over', async () => {
    const name = (n: number): string => `f${String(n).padStart(4, '0')}`
    const all = Array.from({ length: 1_002 }, (_, n) => ({ fingerprint: name(n) }))
    await commit(...all.map((alert): Change => ['firing', alert]))
    await after(0)
    expect(await after(3)).toBe(1)
    expect((await pages())[0]).toMatchObject({ reason: 'firing', more: 2 })
    expect(metrics.text()).toContain('lastpush_group_overflow_total{receiver="oncall"} 2')
    await commit(...all.slice(0, 1_001).map((alert): Change => ['resolved', alert]))
    await after(0)
    await after(30)
    expect((await pages())[1]).toMatchObject({ reason: 'update', status: 'firing', more: 1 })
    await commit(['resolved', all[1_001] ?? {}])
    await after(0)
    await after(3)
    expect((await pages()).map(({ reason }) => reason)).toEqual(['firing', 'update', 'resolved'])
    expect(await store.state.records('group')).toEqual(new Map())
  })

  test('keeps an onset in its group when it is attributed to another deploy later', async () => {
    await commit(['firing', { deploy: null, sha: null }])
    await after(0)
    await after(3)
    await commit(['updated', { deploy: 'd1' }])
    await after(30)
    await commit(['resolved', { deploy: 'd1', fixedBy: fix.sha }])
    await after(0)
    await after(3)
    const all = await pages()
    expect(all.map(({ reason }) => reason)).toEqual(['firing', 'update', 'resolved'])
    expect(new Set(all.map(({ groupKey }) => groupKey)).size).toBe(1)
    expect(all.map(({ deploys }) => Object.keys(deploys))).toEqual([[], ['d1'], ['d1']])
  })

  test('keeps deploys apart, and alerts that no deploy is known for', async () => {
    await commit(
      ['firing', { fingerprint: 'aa', deploy: 'd1' }],
      ['firing', { fingerprint: 'bb', deploy: 'd2' }],
      ['firing', { fingerprint: 'cc', deploy: null }],
      ['firing', { fingerprint: 'dd', deploy: null }],
    )
    await after(0)
    expect(await after(3)).toBe(4)
  })

  test('a later onset of the same alert opens another life of the group', async () => {
    await commit(['firing', {}])
    await after(0)
    await after(3)
    await commit(['resolved', {}])
    await after(0)
    await after(3)
    await commit(['firing', { startsAt: '2026-11-23T13:00:00.000Z' }])
    await after(0)
    await after(3)
    const all = await pages()
    expect(all.map(({ reason }) => reason)).toEqual(['firing', 'resolved', 'firing'])
    expect(all[2]?.groupKey).not.toBe(all[0]?.groupKey)
    expect(new Set(all.map(({ key }) => key)).size).toBe(3)
  })

  test('an onset that follows at once, before the end is told, goes on in the same group', async () => {
    await commit(['firing', {}])
    await after(0)
    await after(3)
    await commit(['resolved', {}])
    await after(0)
    await commit(['firing', { startsAt: '2026-11-23T12:00:04.000Z' }])
    await after(3)
    expect(await told()).toEqual(['firing: aa firing', 'update: aa firing'])
  })

  test('does not tell the end of what was never told', async () => {
    await commit(['resolved', {}], ['updated', { fingerprint: 'bb' }])
    expect(await after(0)).toBe(0)
    expect(await store.state.undispatched()).toEqual([])
    expect(await after(10)).toBe(0)
  })

  test('accounts for every transition once', async () => {
    await commit(['firing', { fingerprint: 'aa' }], ['firing', { fingerprint: 'bb' }])
    await after(0)
    expect(await store.state.undispatched()).toEqual([])
    await after(3)
    await commit(['resolved', { fingerprint: 'aa' }], ['resolved', { fingerprint: 'bb' }])
    await after(0)
    await after(3)
    const all = await store.state.waiting(10)
    expect(all.flatMap(({ transitions }) => transitions)).toEqual(['t0', 't1', 't2', 't3'])
  })

  test('changes nothing when the store refuses, and tells it all the next time', async () => {
    await commit(['firing', {}])
    await after(0)
    clock.advance(3_000)
    const { state } = store
    const failing = new Dispatcher({
      state: Object.assign(Object.create(state) as typeof state, {
        records: () => state.records('group'),
        undispatched: () => state.undispatched(),
        dispatch: () => Promise.reject(new Error('disk full')),
      }),
      clock,
      routing: onlyRoute,
      mutedBy: () => null,
      metrics,
      render: () => '',
      deployById: () => null,
      deployBySha: () => null,
      urlOf: () => '',
    })
    await failing.restore()
    await expect(failing.dispatch()).rejects.toThrow('disk full')
    await expect(failing.dispatch()).rejects.toThrow('disk full')
    expect(await dispatcher.dispatch()).toBe(1)
  })

  test('moves an onset that nothing was told of yet to the group of its new deploy', async () => {
    await commit(['firing', { fingerprint: 'aa' }], ['firing', { fingerprint: 'bb', deploy: null }])
    await after(0)
    await commit(['updated', { fingerprint: 'bb', deploy: 'd1' }])
    await after(1)
    expect(await after(10)).toBe(1)
    expect(await told()).toEqual(['firing: aa firing, bb firing'])
    const [notification] = await store.state.waiting(1)
    expect(notification?.transitions.toSorted()).toEqual(['t0', 't1', 't2'])
  })

  test('puts later alerts of a deploy into the group that turned out to be about it', async () => {
    await commit(['firing', { fingerprint: 'aa', deploy: null }])
    await after(0)
    await after(3)
    await commit(['updated', { fingerprint: 'aa', deploy: 'd1' }])
    await after(0)
    await commit(['firing', { fingerprint: 'bb', deploy: 'd1' }])
    await after(30)
    expect(await told()).toEqual(['firing: aa firing', 'update: aa firing, bb firing'])
    expect((await pages())[1]?.groupLabels).toEqual({ deploy: 'd1' })
  })

  /** One story: what was told, with keys, when a new dispatcher takes over before the given steps. */
  async function story(restartBefore: readonly number[]): Promise<Page[]> {
    const steps: (() => Promise<unknown>)[] = [
      () => commit(['firing', { fingerprint: 'aa' }]),
      () => after(1),
      () => commit(['firing', { fingerprint: 'bb' }], ['firing', { fingerprint: 'cc', deploy: 'd2' }]),
      () => after(3),
      () => after(4),
      () => commit(['updated', { fingerprint: 'cc', deploy: 'd1' }], ['resolved', { fingerprint: 'aa' }]),
      () => after(31),
      () => after(4 * 3_600),
      () => commit(['resolved', { fingerprint: 'bb' }], ['resolved', { fingerprint: 'cc' }]),
      () => after(1),
      () => after(3),
    ] // prettier-ignore
    for (const [index, step] of steps.entries()) {
      if (restartBefore.includes(index)) {
        dispatcher = dispatcherOver(onlyRoute)
        await dispatcher.restore()
      }
      await step()
    }
    return pages()
  }

  test('a restart in between changes nothing, not even a key', async () => {
    const straight = await story([])
    expect(straight.map(({ reason }) => reason)).toEqual(
      ['firing', 'firing', 'update', 'update', 'repeat', 'repeat', 'resolved', 'resolved'],
    ) // prettier-ignore
    const steps = Array.from({ length: 11 }, (_, index) => index)
    for (const restarts of [[1], [3], [4], [6], [7], [9], [10], steps]) {
      await store.close()
      store = await openTemporaryState()
      clock = new ManualClock(t0)
      dispatcher = dispatcherOver(onlyRoute)
      committed = 0
      expect(await story(restarts)).toEqual(straight)
    }
  })
})

describe('routes', () => {
  const routing: Routing = {
    routes: [
      { match: parseQuery('severity:page'), route: { ...route, receiver: 'pager', groupBy: [] } },
      { match: parseQuery('rule:error-*'), route: { ...route, receiver: 'chat', groupWaitMs: 0 } },
    ],
    otherwise: { ...route, receiver: 'mail' },
  }

  test('the first that picks an alert takes it, with its own grouping and times', async () => {
    dispatcher = dispatcherOver(routing)
    const labels = { service: 'web', severity: 'info' }
    await commit(
      ['firing', { fingerprint: 'aa' }],
      ['firing', { fingerprint: 'bb', deploy: 'd2' }],
      ['firing', { fingerprint: 'cc', labels }],
      ['firing', { fingerprint: 'dd', labels, rule: 'disk' }],
    )
    await after(0)
    const receivers = async () =>
      (await store.state.waiting(10)).map(({ receiver, transitions }) => [receiver, ...transitions])
    expect(await receivers()).toEqual([['chat', 't2']])
    await after(3)
    expect((await receivers()).sort()).toEqual([
      ['chat', 't2'],
      ['mail', 't3'],
      ['pager', 't0', 't1'],
    ])
  })
})

describe('silences', () => {
  const asked = { query: 'service:web', by: 'alice', comment: 'moving the database', for: '1h' }

  async function suppressed(): Promise<[transitions: readonly string[], error: string | null][]> {
    return (await store.state.notifications())
      .filter(({ state }) => state === 'suppressed')
      .map(({ transitions, error }) => [transitions, error])
  }

  test('keep an alert back, and say who by', async () => {
    const { id } = await silences.add(asked)
    await commit(['firing', {}])
    await after(0)
    expect(await after(3)).toBe(0)
    expect(await suppressed()).toEqual([
      [['t0'], `silence ${id} by alice until 2026-11-23T13:00:00.000Z: moving the database`],
    ])
    expect(await pages()).toEqual([])
    expect(metrics.text()).toContain('lastpush_suppressed_total{receiver="oncall"} 1')
    expect(await store.state.undispatched()).toEqual([])
  })

  test('that come before the page is sent count, however late', async () => {
    await commit(['firing', {}])
    await after(2)
    await silences.add(asked)
    expect(await after(1)).toBe(0)
    expect(await pages()).toEqual([])
  })

  test('tell an alert that outlives them, with a word about why now', async () => {
    await silences.add(asked)
    await commit(['firing', {}])
    await after(3)
    await after(3_590)
    expect(await pages()).toEqual([])
    expect(await after(10)).toBe(1)
    const [page] = await pages()
    expect(page?.reason).toBe('firing')
    expect(page?.alerts[0]?.summary).toBe('20 errors (the silence by alice has ended)')
    expect(await after(60)).toBe(0)
  })

  test('tell again what was paged before them and is still there after', async () => {
    await commit(['firing', {}])
    await after(0)
    await after(3)
    const { id } = await silences.add(asked)
    await after(60)
    await silences.end(id)
    expect(await after(1)).toBe(1)
    expect(await told()).toEqual(['firing: aa firing', 'update: aa firing'])
  })

  test('never hide the end of what was paged', async () => {
    await commit(['firing', {}])
    await after(0)
    await after(3)
    await silences.add(asked)
    await commit(['resolved', {}])
    await after(0)
    expect(await after(3)).toBe(1)
    expect(await told()).toEqual(['firing: aa firing', 'resolved: aa resolved'])
    expect(await suppressed()).toEqual([])
  })

  test('let what nobody was told of end without a word', async () => {
    const { id } = await silences.add(asked)
    await commit(['firing', {}])
    await after(3)
    await commit(['resolved', {}])
    await after(3)
    await silences.end(id)
    await after(100_000)
    expect(await pages()).toEqual([])
    expect((await suppressed()).flatMap(([ids]) => ids).sort()).toEqual(['t0', 't1'])
    expect(await store.state.records('group')).toEqual(new Map())
  })

  test('hide one alert of a group and not the others', async () => {
    await silences.add({ ...asked, query: 'service:api' })
    await commit(
      ['firing', { fingerprint: 'aa' }],
      ['firing', { fingerprint: 'bb', labels: { service: 'api' } }],
    )
    await after(0)
    await after(3)
    await commit(['resolved', { fingerprint: 'aa' }])
    await after(30)
    await after(3_600)
    expect(await told()).toEqual([
      'firing: aa firing',
      'resolved: aa resolved',
      'update: bb firing, aa resolved',
    ])
  })

  test('hold over a restart', async () => {
    await silences.add(asked)
    await commit(['firing', {}])
    await after(3)
    silences = new Silences(store.state, clock)
    await silences.restore()
    dispatcher = dispatcherOver(onlyRoute)
    await dispatcher.restore()
    await after(60)
    expect(await pages()).toEqual([])
    expect(await after(3_600)).toBe(1)
  })
})
