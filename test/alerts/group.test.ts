import { describe, expect, test } from 'vitest'
import {
  alertsInOrder,
  groupAlertsMax,
  holdsOnset,
  isOver,
  openGroup,
  takeIn,
  type Group,
} from '../../src/alerts/group.ts'
import { afterTelling, tell } from '../../src/alerts/telling.ts'
import { groupId, groupLabels, routeDefaults, type Route } from '../../src/alerts/route.ts'
import { alertOf, transitionOf } from './alert-of.ts'

const route: Route = { ...routeDefaults, receiver: 'oncall' }

/** The group after it has told all it has. */
function telling(group: Group, now: number): Group {
  return afterTelling(
    group,
    tell(group, () => null, {}),
    now,
    route,
  )
}

describe('a route', () => {
  test('groups by the deploy that an alert is attributed to', () => {
    expect(groupLabels(route, alertOf({ deploy: 'd1' }))).toEqual({ deploy: 'd1' })
  })

  test('leaves an alert without a known deploy to itself', () => {
    const alert = alertOf({ deploy: null, fingerprint: 'aa' })
    expect(groupLabels(route, alert)).toEqual({ deploy: 'none:aa' })
  })

  test('groups by labels, of which one that is missing is empty', () => {
    const byLabels = { ...route, groupBy: ['service', 'team'] }
    const alert = alertOf({ labels: { service: 'web', env: 'production' } })
    expect(groupLabels(byLabels, alert)).toEqual({ service: 'web', team: '' })
  })

  test('puts everything into one group when it groups by nothing', () => {
    expect(groupLabels({ ...route, groupBy: [] }, alertOf({}))).toEqual({})
  })

  test('names a group by receiver and labels', () => {
    const id = groupId('oncall', { deploy: 'd1' })
    expect(groupId('oncall', { deploy: 'd1' })).toBe(id)
    expect(groupId('chat', { deploy: 'd1' })).not.toBe(id)
    expect(groupId('oncall', { deploy: 'd2' })).not.toBe(id)
    expect(groupId('oncall', { env: 'd1' })).not.toBe(id)
  })
})

describe('a group', () => {
  const firing = transitionOf({ id: 't1' }, { fingerprint: 'aa' })
  const resolved = transitionOf(
    { id: 't2', kind: 'resolved' },
    { fingerprint: 'aa', state: 'resolved' },
  )
  const fresh = openGroup('id', 'oncall', { deploy: 'd1' }, firing)

  test('has a key of its own in each of its lives', () => {
    expect(openGroup('id', 'oncall', {}, firing).key).toBe(fresh.key)
    expect(openGroup('id', 'oncall', {}, resolved).key).not.toBe(fresh.key)
  })

  test('waits for group_wait from its first alert on, however many follow', () => {
    const one = takeIn(fresh, firing, 10_000, route)
    expect(one.flushAt).toBe(13_000)
    expect(takeIn(one, transitionOf({ id: 't9' }), 12_000, route).flushAt).toBe(13_000)
  })

  test('tells news after group_interval, and its end after group_wait', () => {
    const paged = telling(takeIn(fresh, firing, 10_000, route), 13_000)
    const other = transitionOf({ id: 't3' }, { fingerprint: 'bb' })
    expect(takeIn(paged, other, 20_000, route).flushAt).toBe(43_000)
    expect(takeIn(paged, other, 60_000, route).flushAt).toBe(60_000)
    expect(takeIn(paged, resolved, 20_000, route).flushAt).toBe(23_000)
  })

  test('news do not put off what is due already', () => {
    const paged = telling(takeIn(fresh, firing, 10_000, route), 13_000)
    const ending = takeIn(paged, resolved, 20_000, route)
    expect(takeIn(ending, transitionOf({ id: 't4' }), 21_000, route).flushAt).toBe(23_000)
  })

  test.each<[string, Partial<Group>, string[]]>([
    ['pages first', { paged: false }, ['firing']],
    ['tells both when it is over before its first page', { paged: false, alerts: { aa: resolved.alert } }, ['firing', 'resolved']],
    ['updates when something happened', { paged: true }, ['update']],
    ['repeats when nothing did', { paged: true, pending: [] }, ['repeat']],
    ['ends when every alert has', { paged: true, alerts: { aa: resolved.alert } }, ['resolved']],
  ])('%s', (_, given, told) => {
    const group = { ...takeIn(fresh, firing, 0, route), ...given }
    expect(tell(group, () => null, {}).reasons).toEqual(told)
  }) // prettier-ignore

  test('holds an onset, not only an alert of the same labels', () => {
    const group = takeIn(fresh, firing, 0, route)
    expect(holdsOnset(group, firing.alert)).toBe(true)
    expect(holdsOnset(group, { ...firing.alert, startsAt: '2027-01-01T00:00:00.000Z' })).toBe(false)
    expect(holdsOnset(group, { ...firing.alert, fingerprint: 'bb' })).toBe(false)
  })

  test('is over only when all its alerts are', () => {
    const two = takeIn(takeIn(fresh, firing, 0, route), transitionOf({ id: 't5' }, { fingerprint: 'bb' }), 0, route) // prettier-ignore
    expect(isOver(two)).toBe(false)
    expect(isOver(takeIn(two, resolved, 0, route))).toBe(false)
  })

  test('lists firing alerts first, then by start and fingerprint', () => {
    const alerts = [
      alertOf({ fingerprint: 'd', state: 'resolved', startsAt: '2026-11-23T11:00:00.000Z' }),
      alertOf({ fingerprint: 'c', startsAt: '2026-11-23T12:00:00.000Z' }),
      alertOf({ fingerprint: 'b', startsAt: '2026-11-23T12:00:00.000Z' }),
      alertOf({ fingerprint: 'a', startsAt: '2026-11-23T12:00:01.000Z' }),
    ]
    const group = { ...fresh, alerts: Object.fromEntries(alerts.map((each) => [each.fingerprint, each])) } // prettier-ignore
    expect(alertsInOrder(group).map(({ fingerprint }) => fingerprint)).toEqual(['b', 'c', 'a', 'd'])
  })

  /** The group of so many firing alerts f0, f1, … */
  function filled(count: number): Group {
    let group = fresh
    for (let n = 0; n < count; n++) {
      group = takeIn(group, transitionOf({ id: `t${n}` }, { fingerprint: `f${n}` }), 0, route)
    }
    return group
  }
  const endOf = (fingerprint: string) =>
    transitionOf({ id: `end ${fingerprint}`, kind: 'resolved' }, { fingerprint, state: 'resolved' })

  test('counts the alerts beyond its bound, and is open until they are over too', () => {
    let group = filled(groupAlertsMax + 2)
    expect(group.beyond).toHaveLength(2)
    expect(holdsOnset(group, alertOf({ fingerprint: 'f1001' }))).toBe(true)
    for (let n = 0; n <= groupAlertsMax; n++) group = takeIn(group, endOf(`f${n}`), 0, route)
    expect(group.beyond).toEqual(['f1001 2026-11-23T12:00:00.000Z'])
    expect(isOver(group)).toBe(false)
    expect(tell({ ...group, paged: true }, () => null, {}).reasons).toEqual(['update'])
    group = takeIn(group, endOf('f1001'), 0, route)
    expect(isOver(group)).toBe(true)
    expect(tell({ ...group, paged: true }, () => null, {}).reasons).toEqual(['resolved'])
  })

  test('gives the room of an alert whose end was told to one that begins', () => {
    const ended = telling(takeIn(filled(groupAlertsMax), endOf('f7'), 0, route), 0)
    const next = takeIn(ended, transitionOf({ id: 'new' }, { fingerprint: 'new' }), 0, route)
    expect(next.alerts['f7']).toBeUndefined()
    expect(next.alerts['new']?.state).toBe('firing')
    expect(next.beyond).toEqual([])
  })

  test('takes no more alerts than its bound, but follows those it has', () => {
    const group = filled(groupAlertsMax + 1)
    expect(Object.keys(group.alerts)).toHaveLength(groupAlertsMax)
    expect(group.alerts['f1000']).toBeUndefined()
    expect(takeIn(group, endOf('f0'), 0, route).alerts['f0']?.state).toBe('resolved')
  })
})
