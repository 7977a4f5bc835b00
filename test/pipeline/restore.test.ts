import { describe, expect, test } from 'vitest'
import { DeployTracker } from '../../src/deploys/tracker.ts'
import type { Rule } from '../../src/rules/rule.ts'
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
const burst = ruleOf(
  'name: burst\ntype: frequency\nquery: level:error\nnum_events: 3\ntimeframe: 1m',
)
const worse = ruleOf('name: worse\ntype: regression')

/** Reads lines and commits; what the next process finds. */
function committedBy(spec: WorldSpec, lines: readonly string[]): Committed {
  const store = new Committed()
  const pipeline = pipelineOf(spec)
  pipeline.ingest(batchOf('json', lines))
  store.add(pipeline.take())
  return store
}

function restored(spec: WorldSpec, store: Committed, nowMs = 0) {
  const pipeline = pipelineOf(spec)
  pipeline.restore(store.stored(nowMs))
  return pipeline
}

describe('a rule', () => {
  const lines = [...[100, 101, 102].map((at) => line(at, boom)), line(140, quiet)]
  const deploys = [deployAt('bad0000', 90), deployAt('f1c0000', 105)]

  test.each<[string, readonly Rule[], string]>([
    ['that was removed', [], 'the rule was removed'],
    ['that was changed', [ruleOf('name: burst\ntype: frequency\nquery: level:error\nnum_events: 4\ntimeframe: 1m\nsummary: "{value} errors"')], '3 errors'],
  ])('%s while its alert fired resolves it once', (_, rules, summary) => {
    const store = committedBy({ rules: [burst], deploys }, lines)
    expect([...store.transitions.values()].map(({ kind }) => kind)).toEqual(['firing'])
    const pipeline = restored({ rules, deploys }, store)
    store.add(pipeline.take())
    const [, resolved] = [...store.transitions.values()]
    expect(resolved).toMatchObject({ kind: 'resolved', at: t0 + 110_000 })
    expect(resolved?.alert).toMatchObject({ state: 'resolved', summary, fixedBy: 'f1c0000' })
    expect(after(resolved?.alert.endsAt ?? null)).toBe(110)
    expect([...store.records('series').values()]).toEqual([])
    store.add(restored({ rules, deploys }, store).take())
    expect(store.transitions.size).toBe(2)
  }) // prettier-ignore

  test('that was removed while its alert was pending says nothing', () => {
    const held = ruleOf('name: burst\ntype: frequency\nquery: level:error\nnum_events: 3\ntimeframe: 1m\nfor: 5m')
    const store = committedBy({ rules: [held] }, lines)
    expect([...store.records('series').values()]).toMatchObject([{ onsets: [{ phase: 'pending' }] }])
    store.add(restored({ rules: [] }, store).take())
    expect(store.transitions.size).toBe(0)
    expect(store.records('series').size).toBe(0)
  }) // prettier-ignore

  test('that stayed goes on where it was', () => {
    const store = committedBy({ rules: [burst] }, lines.slice(0, 2))
    const pipeline = restored({ rules: [burst] }, store)
    pipeline.ingest(batchOf('json', lines.slice(2), { start: 1_000 }))
    store.add(pipeline.take())
    expect([...store.transitions.values()].map(({ kind, alert }) => [kind, after(alert.startsAt)])).toEqual([['firing', 102]]) // prettier-ignore
  })
})

describe('after a restart', () => {
  test('nothing is told that was told before', () => {
    const spec = { rules: [burst, worse], deploys: [deployAt('old0000', 50)] }
    const lines = [...[100, 101, 102].map((at) => line(at, boom)), line(140, quiet)]
    const store = committedBy(spec, lines)
    const pipeline = restored(spec, store)
    pipeline.ingest(batchOf('json', [line(141, quiet)], { start: 1_000 }))
    expect(pipeline.take()?.transitions).toEqual([])
  })

  test('a partition that is not opened yet holds the watermark back', () => {
    const sources = [
      { name: 'json', service: 'web' },
      { name: 'more', service: 'web', parser: 'json' },
    ]
    const spec = { rules: [burst], sources, live: true }
    const store = new Committed()
    const first = pipelineOf(spec)
    const nowMs = t0 + 100_000
    first.ingest(batchOf('json', [line(100, quiet)], { arrivalMs: nowMs }))
    first.ingest(batchOf('more', [line(100, quiet)], { arrivalMs: nowMs }))
    store.add(first.take())
    const again = restored(spec, store, nowMs + 600_000)
    again.ingest(batchOf('json', [line(700, quiet)], { start: 1_000, arrivalMs: nowMs + 600_000 }))
    const unread = [110, 111, 112, 700].map((at) => line(at, boom))
    again.ingest(batchOf('more', unread, { start: 1_000, arrivalMs: nowMs + 600_001 }))
    const [fired] = again.take()?.transitions ?? []
    expect([fired?.kind, after(fired?.alert.startsAt ?? null)]).toEqual(['firing', 112])
    expect([...again.partitions()].map(({ late }) => late)).toEqual([0, 0])
  })

  test('late events of before are no past that decisions look at', () => {
    const store = committedBy({ rules: [worse] }, [line(500, quiet), line(100, boom), line(501, quiet)]) // prettier-ignore
    const pipeline = restored({ rules: [worse] }, store)
    const history = pipeline.history('production\u0000web')
    expect([history.first, history.since]).toEqual([t0 / 1_000 + 500, t0 / 1_000 + 500])
    expect(history.sum('level error', 0, Infinity)).toBe(0)
    expect(history.sum('level info', 0, Infinity)).toBe(2)
  })

  test('a deploy that was reported just before is judged all the same', () => {
    const tracker = new DeployTracker()
    const slow = (from: number, to: number, every: number) =>
      Array.from({ length: (to - from) / every }, (_, n) => line(from + n * every, boom))
    const spec = { rules: [worse], tracker }
    const store = new Committed()
    const first = pipelineOf(spec)
    first.ingest(batchOf('json', slow(0, 1_200, 20)))
    store.add(first.take())
    const bad = deployAt('bad0000', 1_200)
    first.deployChanged(bad, tracker.add(bad).from)
    store.add(first.take())
    const again = restored(spec, store)
    again.ingest(batchOf('json', slow(1_200, 1_300, 1), { start: 10_000 }))
    const [fired] = again.take()?.transitions ?? []
    expect([fired?.kind, fired?.alert.sha]).toEqual(['firing', 'bad0000'])
  })

  test('a scope that nobody has evaluated yet is evaluated from its first event on', () => {
    const rules = [worse]
    const store = committedBy({ rules }, [line(100, boom)])
    expect([...store.records('series').values()]).toMatchObject([{ stepped: false }])
    const again = restored({ rules }, store)
    again.ingest(batchOf('json', [line(90, boom)], { start: 1_000 }))
    store.add(again.take())
    expect([...store.records('series').values()]).toMatchObject([{ wakeAt: t0 + 90_001 }])
  })

  test('what was open may still be continued', () => {
    const sources = [{ name: 'php_error', service: 'web' }]
    const store = new Committed()
    const first = pipelineOf({ sources })
    const head = '[23-Nov-2026 12:00:01 UTC] PHP Fatal error:  Uncaught Exception: x in /a.php:1'
    first.ingest(batchOf('php_error', [head]))
    store.add(first.take())
    const again = restored({ sources }, store)
    again.ingest(batchOf('php_error', ['#0 {main}'], { start: head.length + 1 }))
    expect([...again.partitions()][0]).toMatchObject({ events: 1, continued: 1, unparsed: 0 })
  })
})

test('a partition that brought lines of another service holds that back after a restart as well', () => {
  const spec: WorldSpec = {
    live: true,
    sources: [
      { name: 'json', service: 'web' },
      { name: 'more', parser: 'json', service: 'api' },
    ],
  }
  const at = (second: number) => ({ arrivalMs: t0 + second * 1_000 })
  const api = { ...quiet, service: 'api' }
  const store = new Committed()
  const before = pipelineOf(spec)
  for (const source of ['json', 'more']) before.opened(source, source, t0)
  before.ingest(batchOf('json', [line(100, api)], at(100)))
  before.ingest(batchOf('more', [line(100, api)], at(100)))
  store.add(before.take())

  const pipeline = restored(spec, store, t0 + 100_000)
  pipeline.ingest(batchOf('more', [line(140, api)], { ...at(140), start: 1_000 }))
  pipeline.ingest(batchOf('json', [line(105, api)], { ...at(140), start: 1_000 }))
  expect([...pipeline.partitions()].map(({ late }) => late)).toEqual([0, 0])
})
