/** The proofs of the pipeline: what it decides depends on events and their times alone. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../src/model/event.ts'
import { Counter } from '../src/pipeline/count.ts'
import { enrich } from '../src/pipeline/enrich.ts'
import { emptyPartial, mergePartial, type Partial } from '../src/pipeline/partial.ts'
import type { Parser } from '../src/parsers/parser.ts'
import { newPartition } from '../src/pipeline/partition.ts'
import { timeRows } from '../src/pipeline/timing.ts'
import { SignatureTable } from '../src/signatures/signature.ts'
import { Watermarks } from '../src/windows/watermark.ts'
import { shippedParser } from './parsers/shipped.ts'
import { generate, generatedRules, type GeneratedLogs } from './pipeline/generated.ts'
import {
  Committed,
  cut,
  inOrder,
  optionsOf,
  outcome,
  pipelineOf,
  readAtMs,
  replayed,
  type WorldSpec,
} from './pipeline/world.ts'

const seeds = fc.integer({ min: 1, max: 1_000_000 })
/** Shrinking a whole log takes long and shows little: a failure names its seed. */
// The seed is fixed, so that every run is the same one.
const runs = { numRuns: 25, seed: 1, endOnFailure: true }

function specOf({ sources, deploys }: GeneratedLogs): WorldSpec {
  return { rules: generatedRules, sources, deploys }
}

/** Cut points for logs of any length: many small batches, a few, or one. */
const cuts = fc.oneof(
  fc.constant<number[]>([]),
  fc.array(fc.nat(700), { maxLength: 5 }),
  fc.array(fc.nat(700), { minLength: 30, maxLength: 60 }),
)

test('the generated logs break every rule and are mended', async () => {
  const logs = generate(7)
  const { lines } = logs
  const { alerts, counts } = await replayed(
    specOf(logs),
    batchesOf(lines, () => []),
  )
  expect([...new Set(alerts.map(({ rule }) => rule))].sort()).toEqual(
    generatedRules.map(({ name }) => name).sort(),
  )
  expect(alerts.filter(({ state }) => state === 'resolved').length).toBeGreaterThan(5)
  expect(new Set(alerts.map(({ sha }) => sha))).toContain('bad0000')
  expect(new Set(alerts.map(({ fixedBy }) => fixedBy))).toContain('f1c0000')
  expect(counts.late).toBeGreaterThan(0)
  expect(counts.unparsed).toBeGreaterThan(0)
  expect(counts.continued).toBeGreaterThan(0)
})

function batchesOf(
  lines: ReadonlyMap<string, readonly string[]>,
  cutsOf: (source: string) => readonly number[],
): ReadonlyMap<string, readonly Batch[]> {
  return new Map([...lines].map(([source, list]) => [source, cut(source, list, cutsOf(source))]))
}

describe('the same lines', () => {
  test('cut into batches anywhere give the same alerts and totals', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, cuts, cuts, cuts, cuts, async (seed, access, php, json, more) => {
        const logs = generate(seed)
        const { lines } = logs
        const spec = specOf(logs)
        const whole = await replayed(
          spec,
          batchesOf(lines, () => []),
        )
        const borders = new Map([['apache_combined', access], ['php_error', php], ['json', json], ['more', more]]) // prettier-ignore
        const pieces = await replayed(
          spec,
          batchesOf(lines, (source) => borders.get(source) ?? []),
        )
        expect(pieces).toEqual(whole)
      }),
      runs,
    )
  })

  test.each([3, 6, 9, 12, 15, 7, 8])(
    'line by line give the same as all at once (log %d)',
    async (seed) => {
      const logs = generate(seed)
      const { lines } = logs
      const whole = await replayed(
        specOf(logs),
        batchesOf(lines, () => []),
      )
      const every = (source: string) => (lines.get(source) ?? []).map((_, index) => index)
      expect(await replayed(specOf(logs), batchesOf(lines, every))).toEqual(whole)
    },
  )

  test('counted apart and merged in any order and grouping give the same alerts and totals', async () => {
    const order = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 90, maxLength: 90 })
    await fc.assert(
      fc.asyncProperty(seeds, cuts, order, fc.nat(5), async (seed, borders, picks, left) => {
        const logs = generate(seed)
        const { lines } = logs
        const spec = specOf(logs)
        const batches = batchesOf(lines, () => borders)
        const whole = await replayed(
          spec,
          batchesOf(lines, () => []),
        )
        const partials = [...batches].flatMap(([source, list]) => countApart(spec, source, list))
        for (const [one, other] of picks) {
          if (partials.length <= left + 1) break
          const [from] = partials.splice(one % partials.length, 1)
          mergePartial(partials[other % partials.length]!, from!)
        }
        const pipeline = pipelineOf(spec)
        for (const partial of shuffled(partials, picks)) pipeline.merge(partial)
        pipeline.finish(newestOf(lines))
        const merged = outcome(pipeline, lastAlerts(pipeline.takeAlerts()))
        expect({ ...merged, counts: null }).toEqual({ ...whole, counts: null })
      }),
      runs,
    )
  })

  test('with crashes in between give the same alerts, each transition and each line once', async () => {
    const crashes = fc.array(fc.nat(60), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(seeds, cuts, crashes, fc.integer({ min: 1, max: 5 }), async (seed, borders, at, every) => {
        const logs = generate(seed)
        const { lines } = logs
        const spec = specOf(logs)
        const whole = await replayed(spec, batchesOf(lines, () => []))
        const straight = inTurn(spec, batchesOf(lines, () => borders), { commitEvery: 1, crashBefore: [] })
        const broken = inTurn(spec, batchesOf(lines, () => borders), { commitEvery: every, crashBefore: at })
        expect(straight.alerts).toEqual(whole.alerts)
        expect(broken.alerts).toEqual(whole.alerts)
        const ids = (of: Committed) => [...of.transitions.keys()].sort()
        expect(ids(broken)).toEqual(ids(straight))
        const panes = (of: Committed) => of.panes.map((pane) => JSON.stringify(pane)).sort()
        expect(panes(broken)).toEqual(panes(straight))
      }),
      runs,
    ) // prettier-ignore
  })
})

describe('the counts', () => {
  test('late lines are those that a brute-force look at all earlier lines calls late', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, cuts, async (seed, borders) => {
        const logs = generate(seed)
        const { lines } = logs
        const { counts } = await replayed(
          specOf(logs),
          batchesOf(lines, () => borders),
        )
        const late = [...lines].map(([source, list]) => {
          const times = timesOf(source, list)
          return times.filter((time, index) => {
            return times.slice(0, index).some((earlier) => time < earlier - logs.latenessMs)
          }).length
        })
        expect(counts.late).toBe(late.reduce((sum, count) => sum + count, 0))
      }),
      runs,
    )
  })

  test('every line is an event, a continuation or unparsed, and none is lost', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, cuts, async (seed, borders) => {
        const logs = generate(seed)
        const { lines } = logs
        const { counts } = await replayed(
          specOf(logs),
          batchesOf(lines, () => borders),
        )
        const written = [...lines.values()].flat()
        const traces = written.filter((line) => /^(Stack|#| {2}thrown)/.test(line)).length
        const nonsense = written.filter((line) => line === 'what is this').length
        expect(counts).toMatchObject({
          lines: written.length,
          continued: traces,
          unparsed: nonsense,
        })
        expect(counts.events + counts.continued + counts.unparsed).toBe(counts.lines)
      }),
      runs,
    )
  })
})

function parserOf(source: string): Parser {
  return shippedParser(source === 'more' ? 'json' : source)
}

/** Event times of the lines that are events, as the parser reads them. */
function timesOf(source: string, lines: readonly string[]): number[] {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const { time } = parserOf(source).parse(bytes, { zone: 'UTC', open: false })
  return [...time].filter((each) => !Number.isNaN(each))
}

function newestOf(lines: ReadonlyMap<string, readonly string[]>): number {
  return Math.max(...[...lines].flatMap(([source, list]) => timesOf(source, list)))
}

/** Partials of batches of one partition, counted as a worker would: without the pipeline. */
function countApart(spec: WorldSpec, source: string, batches: readonly Batch[]): Partial[] {
  const { sources, rules } = optionsOf(spec)
  const settings = sources.get(source)!
  const counter = new Counter(rules, new SignatureTable(), null)
  const partition = newPartition(source, source)
  const marks = new Watermarks()
  marks.open(source, { source, latenessMs: settings.latenessMs, scope: null }, 0)
  return batches.map((batch) => {
    const open = partition.open !== null
    const columns = parserOf(source).parse(batch.bytes, { zone: 'UTC', open })
    const scopes = enrich(columns, { ...settings, source }, [])
    const timed = timeRows(batch, columns, partition, marks, scopes, false)
    partition.open = { position: 0, document: null }
    const into = emptyPartial()
    mergePartial(into, counter.count(columns, timed, scopes, source))
    return into
  })
}

function shuffled<T>(list: readonly T[], picks: readonly (readonly [number, number])[]): T[] {
  const left = [...list]
  return list.map((_, index) => left.splice((picks[index]?.[0] ?? 0) % left.length, 1)[0] as T)
}

/** The last word on each onset. */
function lastAlerts(
  alerts: ReturnType<typeof inOrder> | readonly ReturnType<typeof inOrder>[number][],
) {
  return inOrder([...new Map(alerts.map((each) => [`${each.fingerprint} ${each.startsAt}`, each])).values()]) // prettier-ignore
}

/** Feeds the batches of all partitions by turns, always that of the partition furthest back, with a
 *  commit after every few. Before the turns of the given numbers the process dies: everything begins
 *  again from what was committed, and the sources give once more what came after. */
function inTurn(
  spec: WorldSpec,
  logs: ReadonlyMap<string, readonly Batch[]>,
  life: { readonly commitEvery: number; readonly crashBefore: readonly number[] },
): Committed {
  const store = new Committed()
  const waiting = new Map([...logs].map(([source, batches]) => [source, [...batches]]))
  let uncommitted: [source: string, batch: Batch][] = []
  let pipeline = pipelineOf(spec)
  const openAll = () => {
    for (const source of logs.keys()) {
      pipeline.opened(source, source, readAtMs)
      if ((waiting.get(source) ?? []).length === 0) pipeline.closed(source)
    }
  }
  const commit = () => {
    store.add(pipeline.take())
    uncommitted = []
  }
  openAll()
  for (let turn = 0; ; turn++) {
    if (life.crashBefore.includes(turn)) {
      for (const [source, batch] of uncommitted.reverse()) waiting.get(source)?.unshift(batch)
      uncommitted = []
      pipeline = pipelineOf(spec)
      pipeline.restore(store.stored(readAtMs))
      openAll()
    }
    const open = [...waiting].filter(([, batches]) => batches.length > 0)
    if (open.length === 0) break
    const [source, batches] = open.reduce((least, each) =>
      pipeline.newest(each[0]) < pipeline.newest(least[0]) ? each : least,
    )
    const batch = batches.shift()!
    pipeline.ingest(batch)
    uncommitted.push([source, batch])
    if (batches.length === 0) pipeline.closed(source)
    if (turn % life.commitEvery === 0) commit()
  }
  pipeline.finish()
  commit()
  return store
}
