/** Cases that every source must pass, and the recorder that plays the pipeline for them.
 *  The kind's test calls `describeSource` with a factory. */
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { Metrics } from '../../src/flow/metrics.ts'
import { systemClock } from '../../src/flow/time.ts'
import type { Batch, Checkpoint } from '../../src/model/event.ts'
import type { Committed, Source, SourceContext } from '../../src/sources/source.ts'

/** A source over an input that the test can write to. */
export interface SourceSubject {
  /** A new instance over the same input; called once per run. */
  create(): Source
  /** Adds bytes to the input. */
  append(text: string): Promise<void>
  /** Why the source cannot go on from a checkpoint; undefined when it can. */
  readonly noResume?: string
  /** Why no part of a line can arrive before the rest; undefined when it can. */
  readonly noPartialLines?: string
  /** Why positions do not count bytes; undefined when they do. */
  readonly noBytePositions?: string
}

/** Stands for the pipeline: takes batches, checks the contract's promises on each, commits at once. */
export class SourceRecorder implements SourceContext {
  readonly clock = systemClock
  readonly checkpoints: Map<string, Checkpoint>
  readonly once: boolean
  readonly batches: Batch[] = []
  /** Those of them that the pipeline has committed. */
  readonly committed: Batch[] = []
  readonly open = new Set<string>()
  readonly everOpened = new Set<string>()
  readonly metrics = new Metrics()
  readonly faults = new Map<string, string>()
  /** Partitions that cannot be read at present. */
  readonly away = new Set<string>()
  /** All recorders stand for one store unless a test says otherwise. */
  readonly storeId: string
  readonly warnings: string[] = []
  readonly log = {
    debug() {},
    info() {},
    warn: (_facts: object, message: string) => void this.warnings.push(message),
    error() {},
  }
  /** Batches wait for this before they count as taken. */
  gate: Promise<void> = Promise.resolve()
  inFlightMax = 0
  readonly #inFlight = new Map<string, number>()
  readonly #ends = new Map<string, number>()
  readonly #stop = new AbortController()
  #told: (committed: Committed) => void = () => {}
  #running: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | null = null

  constructor(
    checkpoints: ReadonlyMap<string, Checkpoint> = new Map(),
    once = false,
    storeId = 'a'.repeat(16),
  ) {
    this.storeId = storeId
    this.checkpoints = new Map(checkpoints)
    this.once = once
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  opened(partition: string): void {
    this.open.add(partition)
    this.everOpened.add(partition)
  }

  closed(partition: string): void {
    this.open.delete(partition)
  }

  readable(partition: string, is: boolean): void {
    expect(this.open).toContain(partition)
    if (is) this.away.delete(partition)
    else this.away.add(partition)
  }

  onCommit(told: (committed: Committed) => void): void {
    this.#told = told
  }

  fault(partition: string, message: string | null): void {
    if (message === null) this.faults.delete(partition)
    else this.faults.set(partition, message)
  }

  async emit(batch: Batch): Promise<void> {
    const { partition, lines } = batch
    expect(this.open).toContain(partition)
    expect(batch.start).toBeGreaterThanOrEqual(this.#ends.get(partition) ?? 0)
    if (lines !== undefined && lines.positions.length > 0) {
      expect(lines.positions).toHaveLength(linesOf(batch).length)
      expect(lines.positions[0]).toBe(batch.start)
      for (let i = 1; i < lines.positions.length; i++) {
        expect(lines.positions[i]).toBeGreaterThan(lines.positions[i - 1] ?? Infinity)
      }
    }
    const end = batch.start + batch.bytes.length + batch.skippedBytes
    this.#ends.set(partition, lines === undefined ? end : (lines.positions.at(-1) ?? 0) + 1)
    if (!batch.final && batch.bytes.length > 0) expect(batch.bytes.at(-1)).toBe(10)
    const inFlight = (this.#inFlight.get(partition) ?? 0) + 1
    this.inFlightMax = Math.max(this.inFlightMax, inFlight)
    this.#inFlight.set(partition, inFlight)
    // Its memory is the source’s again once it was taken.
    this.batches.push({ ...batch, bytes: Buffer.from(batch.bytes) })
    await this.gate
    // A checkpoint must survive the store, which keeps JSON.
    this.checkpoints.set(partition, JSON.parse(JSON.stringify(batch.checkpoint)) as Checkpoint)
    this.committed.push(batch)
    const checkpoint = this.checkpoints.get(partition) ?? {}
    this.#told({ number: this.committed.length, checkpoints: new Map([[partition, checkpoint]]) })
    this.#inFlight.set(partition, inFlight - 1)
  }

  /** Batches with lines; a batch without any only commits a position. */
  get filled(): Batch[] {
    return this.batches.filter(({ bytes }) => bytes.length > 0)
  }

  /** Lines taken so far, without their LF, in the order of arrival. */
  lines(partition?: string): string[] {
    return this.batches
      .filter((batch) => partition === undefined || batch.partition === partition)
      .flatMap(linesOf)
  }

  /** Starts a source; it is stopped at the latest when the test ends. */
  start(source: Source, cleanUp: (stop: () => Promise<void>) => void = onTestFinished): this {
    this.#running = source.run(this)
    this.#running.catch((error: unknown) => (this.#failure = { error }))
    cleanUp(() => this.stop())
    return this
  }

  /** Resolves when a source that ends by itself has ended. */
  async ended(): Promise<void> {
    const running = this.#running
    this.#running = Promise.resolve()
    await running
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Resolves when exactly these lines have come, in any order across partitions. */
  async expectLines(lines: readonly string[], withinMs?: number): Promise<void> {
    await until(
      () => {
        if (this.#failure !== null) throw this.#failure.error
        return this.lines().length >= lines.length
      },
      () => `${this.lines().length} of ${lines.length} lines`,
      withinMs,
    )
    expect(this.lines().sort()).toEqual([...lines].sort())
  }
}

/** Lines of a batch without their LF, one character a byte. */
export function linesOf(batch: Batch): string[] {
  const lines = batch.bytes.toString('latin1').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** Waits for a condition; fails when it does not come to hold in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  state = () => '',
  withinMs = 10_000,
): Promise<void> {
  const deadline = systemClock.monotonic() + withinMs
  while (!(await condition())) {
    if (systemClock.monotonic() > deadline) throw new Error(`waited for ${withinMs} ms: ${state()}`)
    await systemClock.sleep(2)
  }
}

/** The cases. @param create Makes a fresh, empty input; it cleans up after the test by itself. */
export function describeSource(create: (ctx: TestContext) => Promise<SourceSubject>): void {
  test('hands over every line once, in order', async (ctx) => {
    const subject = await create(ctx)
    const recorder = new SourceRecorder().start(subject.create())
    await subject.append('one\ntwo\n')
    await recorder.expectLines(['one', 'two'])
    await subject.append('three\n')
    await recorder.expectLines(['one', 'two', 'three'])
    expect(recorder.lines()).toEqual(['one', 'two', 'three'])
  })

  test('keeps the partial last line until its newline arrives', async (ctx) => {
    const subject = await create(ctx)
    if (subject.noPartialLines !== undefined) return ctx.skip(subject.noPartialLines)
    const recorder = new SourceRecorder().start(subject.create())
    await subject.append('whole\npart')
    await recorder.expectLines(['whole'])
    await subject.append('ial\nnext\n')
    await recorder.expectLines(['whole', 'partial', 'next'])
  })

  test('gives byte i of a batch the position start + i', async (ctx) => {
    const subject = await create(ctx)
    if (subject.noBytePositions !== undefined) return ctx.skip(subject.noBytePositions)
    const recorder = new SourceRecorder().start(subject.create())
    await subject.append('alpha\nbe')
    await recorder.expectLines(['alpha'])
    await subject.append('ta\ngamma\n')
    await recorder.expectLines(['alpha', 'beta', 'gamma'])
    const positions = recorder.batches.flatMap(({ start, bytes }) =>
      [...bytes.toString().matchAll(/[^\n]+/g)].map((line) => [line[0], start + line.index]),
    )
    expect(positions).toEqual([
      ['alpha', 0],
      ['beta', 6],
      ['gamma', 11],
    ])
  })

  test('has one batch of a partition in flight and waits for the pipeline', async (ctx) => {
    const subject = await create(ctx)
    const recorder = new SourceRecorder()
    let release = () => {}
    recorder.gate = new Promise((resolve) => (release = resolve))
    recorder.start(subject.create())
    await subject.append('one\n')
    await until(() => recorder.batches.length > 0)
    const before = recorder.batches.length
    await subject.append('two\n')
    // That nothing comes cannot be waited for: the time of many polls has to do.
    await systemClock.sleep(50)
    expect(recorder.batches).toHaveLength(before)
    release()
    await recorder.expectLines(['one', 'two'])
    expect(recorder.inFlightMax).toBe(1)
  })

  test('stops within a second, also while the pipeline holds a batch', async (ctx) => {
    const subject = await create(ctx)
    const recorder = new SourceRecorder()
    recorder.gate = new Promise(() => {})
    recorder.start(subject.create())
    await subject.append('one\n')
    await until(() => recorder.batches.length > 0)
    const asked = systemClock.monotonic()
    await recorder.stop()
    expect(systemClock.monotonic() - asked).toBeLessThan(1_000)
    expect([...recorder.open]).toHaveLength(1)
  })

  test('goes on after a restart where the last commit was', async (ctx) => {
    const subject = await create(ctx)
    if (subject.noResume !== undefined) return ctx.skip(subject.noResume)
    const first = new SourceRecorder().start(subject.create())
    const whole = subject.noPartialLines !== undefined
    await subject.append(whole ? 'one\ntwo\n' : 'one\ntwo\npart')
    await first.expectLines(['one', 'two'])
    await first.stop()
    await subject.append(whole ? 'partial\nthree\n' : 'ial\nthree\n')
    const second = new SourceRecorder(first.checkpoints).start(subject.create())
    await second.expectLines(['partial', 'three'])
    if (subject.noBytePositions === undefined) expect(second.filled[0]?.start).toBe(8)
  })

  test('hands over again what was not committed', async (ctx) => {
    const subject = await create(ctx)
    if (subject.noResume !== undefined) return ctx.skip(subject.noResume)
    const first = new SourceRecorder().start(subject.create())
    await subject.append('one\n')
    await first.expectLines(['one'])
    first.gate = new Promise(() => {})
    await subject.append('two\n')
    await until(() => first.lines().length === 2)
    await first.stop()
    const second = new SourceRecorder(first.checkpoints).start(subject.create())
    await second.expectLines(['two'])
  })
}
