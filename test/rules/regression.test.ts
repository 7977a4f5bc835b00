import { describe, expect, test } from 'vitest'
import { fillTemplate } from '../../src/alerts/compose.ts'
import { isoTime } from '../../src/flow/time.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { DeployView, Observation, RuleInstance } from '../../src/rules/rule.ts'
import { DeployTracker } from '../../src/deploys/tracker.ts'
import { History, itemKey, requestsKey, type ExposureKind } from '../../src/windows/history.ts'
import { inputsOf, ruleCases, walk } from '../contract/rule.ts'
import { deployOf } from '../deploys/deploy-of.ts'
import { poissonTimes, random } from '../deploys/random.ts'
import { faultsOf, instanceOf } from './rule-of.ts'

/** Seconds since the epoch at which every test begins; deploys come at `hour` after it. */
const t0 = Date.UTC(2026, 10, 23, 12) / 1_000
const hour = 3_600
const slow = itemKey('signature', 'slow query')
const error500 = itemKey('status', '500')
const rule = instanceOf('regression', {})

/** [item, from, to, events a second]: evenly spread, seconds after t0. */
type Flow = readonly [key: string, from: number, to: number, perSecond: number]

function historyOf(flows: readonly Flow[], exposure: ExposureKind = 'seconds'): History {
  const history = new History(exposure)
  for (const [key, from, to, perSecond] of flows) {
    for (let second = from, owed = 0; second < to; second++) {
      owed += perSecond
      if (owed < 1 - 1e-9) continue
      history.add(key, t0 + second, Math.floor(owed + 1e-9))
      owed -= Math.floor(owed + 1e-9)
    }
  }
  return history
}

function trackerOf(...deploys: readonly [sha: string, second: number][]): DeployTracker {
  const tracker = new DeployTracker()
  for (const [sha, second] of deploys) tracker.add(deployAt(sha, second))
  return tracker
}

function deployAt(sha: string, second: number, rest: Partial<Deploy> = {}): Deploy {
  const start = isoTime((t0 + second) * 1_000)
  return { ...deployOf(sha, 0, { service: 'web' }), id: sha, start, end: start, ...rest }
}

function viewOf(tracker: DeployTracker): DeployView {
  return {
    inEffect: (time) => tracker.inEffect(time, 'production', 'web'),
    before: (deploy) => tracker.before(deploy),
    byId: (id) => tracker.byId(id),
    nextStart: (time) => tracker.nextStart(time, 'production', 'web'),
  }
}

/** All that the rule says until a second after t0. */
function watch(history: History, tracker: DeployTracker, until: number, by = rule) {
  return walk(by, [], (t0 + until) * 1_000, { history, deploys: viewOf(tracker) }).observations
}

function told(observations: readonly Observation[]): string[] {
  return observations.map(({ at, since = at, holds, labels = {} }) => {
    const [item] = Object.values(labels)
    const second = (ms: number) => ms / 1_000 - t0 - hour
    return `${item} ${holds ? 'worse' : 'well'} at ${second(at)}${since === at ? '' : ` since ${second(since)}`}`
  })
}

describe('regression', () => {
  ruleCases('regression', rule)

  test('says in a whole sentence what was never there before', () => {
    const history = historyOf([
      [slow, 0, 2 * hour, 0.05],
      [error500, hour, 2 * hour, 1],
    ])
    const [worse] = watch(history, trackerOf(['bad0000', hour]), hour + 60)
    expect(fillTemplate(rule.summary, new Map(Object.entries(worse?.facts ?? {})))).toBe(
      'HTTP 500 has come 5 times, and not once just before the push',
    )
  })

  test('refuses a query and a grouping, which it would pass over', () => {
    expect(faultsOf('name: r\ntype: regression\nquery: status:500\nby: [host]')).toEqual([
      'rule.yaml:3:8: query: regression takes none: it judges every error signature and 5xx status by itself',
      'rule.yaml:4:5: by: regression takes none: it judges each service and environment, as deploys reach them',
    ])
  })

  const tenfold: readonly Flow[] = [
    [slow, 0, hour, 0.05],
    [slow, hour, hour + 300, 0.5],
    [slow, hour + 300, 2 * hour, 0.05],
  ]

  test('finds what comes ten times as often after the push, and says so once', () => {
    const [worse, ...more] = watch(historyOf(tenfold), trackerOf(['bad0000', hour]), hour + 300)
    expect(more).toEqual([])
    expect(worse).toEqual({
      at: (t0 + hour + 10) * 1_000,
      holds: true,
      value: 9.95,
      threshold: null,
      labels: { signature: 'slow query' },
      facts: {
        item: 'slow query',
        change: 'comes 9.9 times as often as before the push',
        before: '180',
        after: '5',
      },
    })
  })

  test('says when the rate is back at what it was before the bad push', () => {
    const tracker = trackerOf(['good000', -hour], ['bad0000', hour], ['fix0000', hour + 300])
    expect(told(watch(historyOf(tenfold), tracker, 2 * hour))).toEqual([
      'slow query worse at 10',
      'slow query well at 321 since 306',
    ])
  })

  test('does not find again what recovered without a fix, but does find its return', () => {
    const history = historyOf([
      [slow, 0, hour, 0.05],
      [slow, hour, hour + 300, 0.5],
      [slow, hour + 300, hour + 900, 0.05],
      [slow, hour + 900, hour + 1_200, 0.5],
      [slow, hour + 1_200, 2 * hour, 0.05],
    ])
    const said = told(watch(history, trackerOf(['bad0000', hour]), 2 * hour))
    expect(said.map((each) => each.split(' at ')[0])).toEqual([
      'slow query worse',
      'slow query well',
      'slow query worse',
      'slow query well',
    ])
    expect(Number(/at (\d+)/.exec(said[2]!)?.[1])).toBeGreaterThan(900)
  })

  test('does not fire an item again for a later push while it is still bad', () => {
    const history = historyOf([
      [slow, 0, hour, 0.05],
      [slow, hour, hour + 600, 0.5],
      [slow, hour + 600, 2 * hour, 5],
    ])
    const tracker = trackerOf(['bad0000', hour], ['worse00', hour + 600])
    expect(told(watch(history, tracker, 2 * hour))).toEqual(['slow query worse at 10'])
  })

  test('judges a push for an hour', () => {
    const history = historyOf([
      [slow, 0, 2 * hour, 0.05],
      [slow, 2 * hour + 1, 3 * hour, 5],
    ])
    expect(watch(history, trackerOf(['old0000', hour]), 3 * hour)).toEqual([])
  })

  test.each([
    ['a signature without a past is left to new_signature', slow, []],
    ['a 5xx status without a past is worse', error500, ['500 worse at 5']],
    ['a 4xx status is no error', itemKey('status', '404'), []],
    ['requests and levels are no errors of their own', itemKey('level', 'error'), []],
  ])('%s', (_, key, said) => {
    const history = historyOf([
      [itemKey('level', 'info'), 0, 2 * hour, 0.05],
      [key, hour, 2 * hour, 1],
    ])
    expect(told(watch(history, trackerOf(['bad0000', hour]), hour + 600))).toEqual(said)
  })

  test('waits for `min_events`', () => {
    const history = historyOf([
      [slow, 0, hour, 0.0005],
      [slow, hour, 2 * hour, 0.5],
    ])
    const tracker = trackerOf(['bad0000', hour])
    const at = (min_events: number) =>
      watch(history, tracker, 2 * hour, instanceOf('regression', { min_events }))[0]?.facts?.[
        'after'
      ]
    expect([at(1), at(5), at(12)]).toEqual(['2', '5', '12'])
  })

  test('measures against requests where the service has an access log', () => {
    const traffic: readonly Flow[] = [
      [requestsKey, 0, hour, 10],
      [requestsKey, hour, 2 * hour, 50],
      [slow, 0, hour, 0.1],
      [slow, hour, 2 * hour, 0.5],
    ]
    const tracker = trackerOf(['busy000', hour])
    expect(watch(historyOf(traffic, 'access'), tracker, 2 * hour)).toEqual([])
    expect(watch(historyOf(traffic, 'seconds'), tracker, 2 * hour)).toHaveLength(1)
    const falling = historyOf(
      [
        [requestsKey, 0, hour, 50],
        [requestsKey, hour, 2 * hour, 5],
        [slow, 0, 2 * hour, 0.5],
      ],
      'access',
    )
    expect(watch(falling, tracker, 2 * hour)).toHaveLength(1)
  })

  test('bursts that were there before are no regression', () => {
    const history = new History('seconds')
    for (let second = 0; second < 2 * hour; second += 97) history.add(slow, t0 + second, 20)
    expect(watch(history, trackerOf(['same000', hour]), 2 * hour)).toEqual([])
  })

  test('what is found at the very second of the next push is the doing of the one before', () => {
    const history = historyOf(tenfold)
    const tracker = trackerOf(['bad0000', hour], ['next000', hour + 10])
    const [worse] = watch(history, tracker, hour + 60)
    expect(worse?.at).toBe((t0 + hour + 10) * 1_000)
    expect(tracker.inEffect(worse?.since ?? 0, 'production', 'web')?.sha).toBe('bad0000')
  })

  test('decides the same whatever else is known already of later events', () => {
    const tracker = trackerOf(['bad0000', hour])
    const others = Array.from({ length: 500 }, (_, index): Flow => {
      return [itemKey('signature', `other ${index}`), hour + 20, hour + 60, 0.1]
    })
    expect(watch(historyOf([...tenfold, ...others]), tracker, hour + 19)).toEqual(
      watch(historyOf(tenfold), tracker, hour + 19),
    )
  })

  test('raises hardly an alarm while nothing changes', () => {
    const uniform = random(1)
    const runs = 150
    let alarms = 0
    for (let run = 0; run < runs; run++) {
      const history = new History('seconds')
      for (const [key, rate] of [[slow, 0.2], [error500, 0.02], ['signature rare', 0.002]] as const) {
        for (const at of poissonTimes(uniform, rate, 2 * hour)) history.add(key, t0 + Math.floor(at), 1)
      } // prettier-ignore
      if (alarmsIn(rule, history, trackerOf(['same000', hour])) > 0) alarms++
    }
    expect(alarms / runs).toBeLessThan(0.05)
  })

  test('does raise one in every such run when the rate is four times as high', () => {
    const uniform = random(4)
    for (let run = 0; run < 10; run++) {
      const history = new History('seconds')
      for (const at of poissonTimes(uniform, 0.2, hour)) history.add(slow, t0 + Math.floor(at), 1)
      for (const at of poissonTimes(uniform, 0.8, hour)) history.add(slow, t0 + hour + Math.floor(at), 1) // prettier-ignore
      expect(alarmsIn(rule, history, trackerOf(['bad0000', hour]))).toBeGreaterThan(0)
    }
  })
})

/** Items found in the hour after the deploy by bare steps, one in five seconds. */
function alarmsIn(by: RuleInstance<unknown>, history: History, tracker: DeployTracker): number {
  const inputs = inputsOf(by, { history, deploys: viewOf(tracker) })
  let state = by.start()
  let found = 0
  for (let second = hour + 5; second <= 2 * hour; second += 5) {
    const step = by.step(state, inputs, (t0 + second) * 1_000)
    found += step.observations.filter(({ holds }) => holds).length
    state = step.state
  }
  return found
}

describe('a deploy that is told again', () => {
  const even = historyOf([[slow, 0, 2 * hour, 0.2]])

  /** Steps every second, as after a deploy. */
  function stepThrough(history: History, tracker: DeployTracker, from: number, to: number, start: unknown) {
    const inputs = inputsOf(rule, { history, deploys: viewOf(tracker) })
    const observations: Observation[] = []
    let state = start
    let wakeAt: number | null = (t0 + from) * 1_000
    let steps = 0
    while (wakeAt !== null && wakeAt <= (t0 + to) * 1_000) {
      const step = rule.step(state, inputs, wakeAt)
      observations.push(...step.observations)
      ;({ state, wakeAt } = step)
      steps++
    }
    return { state, observations, steps }
  } // prettier-ignore

  test('is not counted again when it is only amended', () => {
    const tracker = trackerOf(['same000', hour])
    const before = stepThrough(even, tracker, hour + 1, hour + 600, rule.start())
    tracker.add(deployAt('same000', hour, { by: 'alice' }))
    const again = stepThrough(even, tracker, hour + 1, hour + 900, before.state)
    const straight = stepThrough(even, tracker, hour + 1, hour + 900, rule.start())
    expect(again.observations).toEqual([])
    expect(again.state).toEqual(straight.state)
    expect(again.steps).toBe(301)
  })

  test('is judged anew when it turns out to have begun earlier', () => {
    const history = historyOf([
      [slow, 0, hour, 0.05],
      [slow, hour, hour + 60, 0.5],
      [slow, hour + 60, 2 * hour, 0.05],
    ])
    const tracker = trackerOf(['bad0000', hour + 300])
    const before = stepThrough(history, tracker, hour + 301, hour + 600, rule.start())
    expect(before.observations).toEqual([])
    tracker.add(deployAt('bad0000', hour))
    const again = stepThrough(history, tracker, hour + 1, hour + 600, before.state)
    expect(told(again.observations)[0]).toBe('slow query worse at 10')
  })

  test('late finds what it would have found in time', () => {
    const history = historyOf([
      [slow, 0, hour, 0.05],
      [slow, hour, 2 * hour, 0.5],
    ])
    const tracker = trackerOf(['good000', 0])
    const before = stepThrough(history, tracker, hour + 1, hour + 600, rule.start())
    tracker.add(deployAt('bad0000', hour))
    const after = stepThrough(history, tracker, hour + 1, hour + 600, before.state)
    expect(told(after.observations)).toEqual(['slow query worse at 10'])
  })

  test('so late that its past is forgotten is not judged', () => {
    const history = historyOf([
      [slow, 0, hour, 0.05],
      [error500, hour, 2 * hour, 1],
    ])
    history.prune(t0 + hour)
    const tracker = trackerOf(['old0000', hour])
    expect(stepThrough(history, tracker, hour + 1, 2 * hour, rule.start()).observations).toEqual([])
  })
})
