import { describe, expect, test } from 'vitest'
import { seriesMax } from '../../src/pipeline/engine.ts'
import { otherScope, scopesMax } from '../../src/pipeline/scope-table.ts'
import { ruleOf } from '../rules/rule-of.ts'
import {
  after,
  batchOf,
  Committed,
  deployAt,
  line,
  pipelineOf,
  t0,
  type WorldSpec,
} from './world.ts'

const boom = { service: 'web', level: 'error', message: 'boom' }
const quiet = { service: 'web', level: 'info', message: 'fine' }

/** Lines of one kind, evenly spread, seconds after t0. */
function flow(from: number, to: number, every: number, fields: Record<string, unknown>): string[] {
  return Array.from({ length: Math.ceil((to - from) / every) }, (_, n) => line(from + n * every, fields)) // prettier-ignore
}

/** What comes of batches that are read one after the other. */
function followed(spec: WorldSpec, ...batches: readonly (readonly string[])[]) {
  const store = new Committed()
  const pipeline = pipelineOf(spec)
  let start = 0
  for (const lines of batches) {
    pipeline.ingest(batchOf('json', lines, { start }))
    start += 1_000_000
    store.add(pipeline.take())
  }
  return { store, pipeline }
}

describe('series', () => {
  test('beyond their bound are counted together', () => {
    const rules = [ruleOf('name: r\ntype: frequency\nquery: level:error\nby: [client]\nnum_events: 1\ntimeframe: 1h')] // prettier-ignore
    const lines = Array.from({ length: seriesMax + 5 }, (_, n) =>
      line(n / 1_000, { ...boom, client: `c${n}` }),
    )
    const { pipeline, store } = followed({ rules }, lines, [line(100, quiet)])
    expect(pipeline.engine.sizes()).toEqual([seriesMax + 1])
    const others = store.alerts.filter(({ labels }) => labels['overflow'] === '(other)')
    expect(others).toHaveLength(1)
    expect(store.alerts).toHaveLength(seriesMax + 1)
  })

  test('that remember nothing are forgotten, also in the store', () => {
    const rules = [ruleOf('name: r\ntype: frequency\nquery: level:error\nnum_events: 3\ntimeframe: 1m')] // prettier-ignore
    const { pipeline, store } = followed({ rules }, [line(0, boom)], [line(40, quiet)])
    expect(store.records('series').size).toBe(1)
    const more = followed({ rules }, [line(0, boom)], [line(40, quiet)], [line(120, quiet)])
    expect(more.store.records('series').size).toBe(0)
    expect([pipeline.engine.sizes(), more.pipeline.engine.sizes()]).toEqual([[1], [0]])
  })

  test('of a rule about deploys are there for every scope, from its first event on', () => {
    const rules = [ruleOf('name: r\ntype: regression')]
    const { store } = followed({ rules }, [line(0, boom), line(1, { ...boom, service: 'api' })])
    expect([...store.records('series').keys()].sort()).toEqual([
      'r\n{"service":"api","env":"production"}',
      'r\n{"service":"web","env":"production"}',
    ])
  })
})

describe('scopes', () => {
  test('beyond their bound are one scope', () => {
    const lines = Array.from({ length: scopesMax + 3 }, (_, n) => line(n / 100, { ...boom, service: `s${n}` })) // prettier-ignore
    const { store, pipeline } = followed(
      { rules: [ruleOf('name: worse\ntype: regression')] },
      lines,
      [line(50, { ...boom, service: 's1002' })],
    )
    expect(store.records('scope').size).toBe(scopesMax + 1)
    const second = (at: number) => t0 / 1_000 + at
    expect(pipeline.history(otherScope).sum('level error', second(0), second(60))).toBe(4)
  })
})

describe('a deploy', () => {
  const rules = [ruleOf('name: worse\ntype: regression')]
  const deploys = [deployAt('bad0000', 1_800)]
  const slow = [...flow(0, 1_800, 20, boom), ...flow(1_801, 2_100, 2, boom), ...flow(2_100, 5_500, 20, boom)] // prettier-ignore

  test('is judged once, however long the log goes on', () => {
    const long = Array.from({ length: 24 }, (_, n) => flow(5_500 + n * 600, 6_100 + n * 600, 60, quiet)) // prettier-ignore
    const { store } = followed({ rules, deploys }, slow, ...long)
    expect(store.alerts.map(({ state, startsAt }) => [state, after(startsAt)])).toEqual([
      ['resolved', 1_810],
    ])
    expect([...store.transitions.values()].map(({ kind }) => kind)).toEqual(['firing', 'resolved'])
    expect([...store.records('series').values()]).toMatchObject([{ wakeAt: null }])
  })

  test('is judged in a scope whose first events say nothing that is counted', () => {
    const mute = [line(0, { service: 'web', message: 'starting' })]
    const { store } = followed({ rules, deploys }, mute, slow, [line(5_600, quiet)])
    expect(store.alerts).toHaveLength(1)
  })

  test('decides by errors only, whatever else is logged of the same message', () => {
    const mixed = slow.map((each, n) => (n % 3 === 0 ? each.replace('"error"', '"warn"') : each))
    const whole = followed({ rules, deploys }, mixed, [line(5_600, quiet)])
    const cutUp = followed({ rules, deploys }, ...mixed.map((each) => [each]), [line(5_600, quiet)])
    expect(cutUp.store.alerts).toEqual(whole.store.alerts)
    const errors = mixed.filter((each) => each.includes('"error"'))
    const second = t0 / 1_000
    const [key] = [...whole.pipeline.history('production\u0000web').keys()].filter((each) => each.startsWith('signature')) // prettier-ignore
    expect(whole.pipeline.history('production\u0000web').sum(key!, second, second + 6_000)).toBe(errors.length) // prettier-ignore
  })
})

describe('a rule over all services', () => {
  test('knows since when anything is known', () => {
    const rules = [ruleOf('name: r\ntype: new_signature\nquery: level:error\nby: []\nlearn: 10m')]
    const early = followed({ rules }, [line(0, quiet), line(599, boom)], [line(700, quiet)])
    expect(early.store.alerts).toEqual([])
    const later = followed({ rules }, [line(0, quiet), line(600, { ...boom, service: 'api' })], [line(700, quiet)]) // prettier-ignore
    expect(later.store.alerts.map(({ startsAt }) => after(startsAt))).toEqual([600])
  })
})

describe('an alert', () => {
  const share = ruleOf(
    'name: share\ntype: percentage_match\nquery: level:*\nmatch_bucket_filter: level:error\nmax_percentage: 5\ntimeframe: 1m',
  )

  test('says so when there is nothing to judge by any more, and when there is again', () => {
    const other = { service: 'api', level: 'info', message: 'fine' }
    const { pipeline, store } = followed({ rules: [share] }, [line(0, boom)], [line(200, other)])
    expect(store.alerts).toMatchObject([{ state: 'firing', nodata: true }])
    expect(store.transitions.size).toBe(1)
    pipeline.ingest(batchOf('json', [line(201, boom), line(300, other)], { start: 9_000_000 }))
    store.add(pipeline.take())
    expect(store.alerts).toMatchObject([{ state: 'firing', nodata: true }])
    const again = followed({ rules: [share] }, [line(0, boom)], [line(200, other)], [line(201, boom)], [line(240, other)]) // prettier-ignore
    expect(again.store.alerts).toMatchObject([{ state: 'firing', nodata: false }])
    expect(again.store.transitions.size).toBe(1)
  })

  test('names a source that was left out', () => {
    const sources = [
      { name: 'json', service: 'web' },
      { name: 'more', service: 'web', parser: 'json' },
    ]
    const rules = [ruleOf('name: r\ntype: frequency\nquery: level:error\nnum_events: 1\ntimeframe: 1m')] // prettier-ignore
    const pipeline = pipelineOf({ rules, sources, live: true })
    const now = t0 + 1_000_000
    pipeline.ingest(batchOf('json', [line(1_000, quiet)], { arrivalMs: now }))
    pipeline.ingest(batchOf('more', [line(100, quiet)], { arrivalMs: now }))
    pipeline.ingest(batchOf('json', [line(1_001, boom), line(1_035, quiet)], { start: 99, arrivalMs: now + 35_000 })) // prettier-ignore
    const [fired] = pipeline.take()?.transitions ?? []
    expect(fired?.alert.summary).toBe('1 event within 1m (incomplete: more)')
  })

  test('resolves on a silent source by the clock', () => {
    const rules = [ruleOf('name: r\ntype: frequency\nquery: level:error\nnum_events: 1\ntimeframe: 1m')] // prettier-ignore
    const pipeline = pipelineOf({ rules, live: true })
    pipeline.ingest(batchOf('json', [line(0, boom)], { arrivalMs: t0 }))
    const kinds: string[] = []
    for (let now = t0; now <= t0 + 95_000; now += 250) {
      pipeline.tick(now)
      kinds.push(...(pipeline.take()?.transitions ?? []).map(({ kind }) => `${kind} ${(now - t0) / 1_000}`)) // prettier-ignore
    }
    expect(kinds).toEqual(['firing 34', 'resolved 94'])
  })
})
