import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../src/flow/log.ts'
import { ManualClock, systemClock } from '../src/flow/time.ts'
import type { Batch } from '../src/model/event.ts'
import { replay } from '../src/replay.ts'
import { fileSource } from '../src/sources/file.ts'
import type { Source } from '../src/sources/source.ts'
import { random } from './deploys/random.ts'
import { generate, generatedRules } from './pipeline/generated.ts'
import {
  batchOf,
  cut,
  line,
  listSource,
  optionsOf,
  outcome,
  readAtMs,
  replayed,
  t0,
  type WorldSpec,
} from './pipeline/world.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lastpush-test-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const quiet = { service: 'web', level: 'info', message: 'fine' }

/** Lines so many seconds after t0. */
function flow(from: number, to: number, every = 1): string[] {
  return Array.from({ length: (to - from) / every }, (_, n) => line(from + n * every, quiet))
}

/** Replays files through the real file source. */
async function replayFiles(spec: WorldSpec, files: Readonly<Record<string, readonly string[]>>) {
  const paths: string[] = []
  for (const [name, lines] of Object.entries(files)) {
    paths.push(join(dir, name))
    await writeFile(join(dir, name), lines.map((each) => `${each}\n`).join(''))
  }
  const done = await replay({
    ...optionsOf(spec),
    clock: systemClock,
    log: silentLog,
    readers: [fileSource('json', { paths, from: 'beginning' })],
  })
  return outcome(done.pipeline, done.alerts)
}

describe('a replay', () => {
  test('of a log in several files says what it says of the whole log', async () => {
    const { lines } = generate(10)
    const spec: WorldSpec = { rules: generatedRules, deploys: generate(10).deploys }
    const merged = [...(lines.get('json') ?? []), ...(lines.get('more') ?? [])]
      .map((each) => ({ each, time: (JSON.parse(each) as { time: string }).time }))
      .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
      .map(({ each }) => each)
    const uniform = random(5)
    const parts: Record<string, string[]> = { 'a.log': [], 'b.log': [], 'c.log': [] }
    for (const each of merged) parts[['a.log', 'b.log', 'c.log'][Math.floor(uniform() * 3)]!]!.push(each) // prettier-ignore
    const whole = await replayFiles(spec, { 'whole.log': merged })
    const split = await replayFiles(spec, parts)
    expect(whole.alerts.length).toBeGreaterThan(2)
    expect(split).toEqual(whole)
  })

  test('of rotated logs, in whatever order they are named, reads the oldest first', async () => {
    const { lines } = generate(11)
    const spec: WorldSpec = { rules: generatedRules, deploys: generate(11).deploys }
    const all = (lines.get('json') ?? []).toSorted((a, b) => (a < b ? -1 : 1))
    const half = Math.floor(all.length / 2)
    const whole = await replayFiles(spec, { 'whole.log': all })
    const split = await replayFiles(spec, { 'a.log': all.slice(half), 'b.log': all.slice(0, half) })
    expect(split.alerts).toEqual(whole.alerts)
    expect(split.counts.late).toBe(0)
  })

  test('counts a last line without a newline', async () => {
    await writeFile(join(dir, 'a.log'), `${line(0, quiet)}\n${line(1, quiet)}`)
    const done = await replay({
      ...optionsOf({}),
      clock: systemClock,
      log: silentLog,
      readers: [fileSource('json', { paths: [join(dir, 'a.log')], from: 'beginning' })],
    })
    expect([...done.pipeline.partitions()]).toMatchObject([{ lines: 2, events: 2 }])
  })

  test('tells of a file that cannot be read, and reads the others', async () => {
    await writeFile(join(dir, 'a.log'), `${line(0, quiet)}\n`)
    const faults: string[] = []
    const done = await replay({
      ...optionsOf({}),
      clock: systemClock,
      log: silentLog,
      readers: [
        fileSource('json', { paths: [join(dir, 'no.log'), join(dir, 'a.log')], from: 'beginning' }),
      ],
      onFault: (partition) => faults.push(partition),
    }) // prettier-ignore
    expect(faults).toContain(join(dir, 'no.log'))
    expect([...done.pipeline.partitions()].map(({ lines }) => lines)).toContain(1)
  })

  test('without anything to read ends', async () => {
    const none: Source = { name: 'json', run: () => Promise.resolve() }
    const done = await replay({ ...optionsOf({}), clock: new ManualClock(readAtMs), log: silentLog, readers: [none] }) // prettier-ignore
    expect([done.alerts, [...done.pipeline.partitions()]]).toEqual([[], []])
  })
})

describe('sources that are read together', () => {
  const spec: WorldSpec = { sources: [{ name: 'json' }, { name: 'more', parser: 'json' }] }

  /** Replays two sources and notes which batch was taken when. */
  async function order(readers: readonly Source[]): Promise<string[]> {
    const taken: string[] = []
    const noting = readers.map((source): Source => ({
      name: source.name,
      run: (context) =>
        source.run({
          ...context,
          emit: async (batch) => {
            await context.emit(batch)
            taken.push(`${batch.partition} ${batch.start}`)
          },
        }),
    }))
    await replay({ ...optionsOf(spec), clock: new ManualClock(readAtMs), log: silentLog, readers: noting }) // prettier-ignore
    return taken
  }

  /** Batches of a minute each. */
  function minutes(source: string, from: number, count: number): Batch[] {
    return Array.from({ length: count }, (_, n) =>
      batchOf(source, flow((from + n) * 60, (from + n + 1) * 60, 10), { start: n }),
    )
  }

  test('are merged by time: one far ahead waits, so that few panes wait', async () => {
    const readers = [
      listSource('json', new Map([['json', minutes('json', 0, 30)]])),
      listSource('more', new Map([['more', minutes('more', 20, 10)]])),
    ]
    const taken = await order(readers)
    // Its first minute is read to know its time; the second only when the other has come that far.
    const second = taken.indexOf('more 1')
    expect(taken.slice(0, second).filter((each) => each.startsWith('json')).length).toBeGreaterThan(
      19,
    )
    expect(taken).toHaveLength(40)
  })

  test('go on without one that has ended', async () => {
    const readers = [
      listSource('json', new Map([['json', minutes('json', 0, 2)]])),
      listSource('more', new Map([['more', minutes('more', 10, 3)]])),
    ]
    expect((await order(readers)).filter((each) => each.startsWith('more'))).toHaveLength(3)
  })

  test('wait for one that is slow to find what it reads', async () => {
    const early = cut('more', flow(0, 100), [50])
    const slow: Source = {
      name: 'more',
      run: async (context) => {
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
        await listSource('more', new Map([['more', early]])).run(context)
      },
    }
    const fast = listSource('json', new Map([['json', cut('json', flow(500, 600), [50])]]))
    const taken = await order([fast, slow])
    expect(taken.filter((each) => each.startsWith('more')).length).toBe(2)
    expect(taken.indexOf('json 0')).toBeLessThan(taken.length - 1)
    const late = await replayed(spec, new Map([['json', cut('json', flow(500, 600), [50])], ['more', early]])) // prettier-ignore
    expect(late.counts.late).toBe(0)
  })

  test('a source that finds nothing holds nobody up', async () => {
    const nothing: Source = {
      name: 'more',
      run: async () => {
        for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
      },
    }
    const taken = await order([listSource('json', new Map([['json', minutes('json', 0, 2)]])), nothing]) // prettier-ignore
    expect(taken).toEqual(['json 0', 'json 1'])
  })

  test('decide nothing by when they are read', async () => {
    const logs = generate(12)
    const at = (arrivalMs: number) =>
      replayed(
        { rules: generatedRules, sources: logs.sources, deploys: logs.deploys },
        new Map(
          [...logs.lines].map(([name, lines]) => [name, [batchOf(name, lines, { arrivalMs })]]),
        ),
      )
    const hourLater = await at(t0 + 3_600_000)
    expect(hourLater.alerts.length).toBeGreaterThan(3)
    expect(await at(readAtMs * 2)).toEqual(hourLater)
  })
})
