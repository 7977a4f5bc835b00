/** Random histories of a log file against the plain list of the lines written to it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Batch, Checkpoint } from '../../src/model/event.ts'
import type { FileOptions } from '../../src/sources/file-options.ts'
import { linesOf, SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from './log-dir.ts'

type Step =
  | { readonly do: 'lines'; readonly count: number }
  | { readonly do: 'part' | 'rotate' | 'recreate' | 'truncate' | 'settle' | 'crash' | 'start' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('lines' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('part' as const, 'rotate' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('recreate' as const, 'truncate' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('settle' as const, 'crash' as const, 'start' as const) }) },
) // prettier-ignore

const setup = fc.record({
  glob: fc.constantFrom('app.log', 'app.log*', '*'),
  from: fc.constantFrom('beginning' as const, 'end' as const),
  names: fc.constantFrom('numbers' as const, 'dates' as const),
  filesMax: fc.constantFrom(10, 200),
})

type Setup = {
  glob: string
  from: FileOptions['from']
  names: 'numbers' | 'dates'
  filesMax: number
}

/** Long for what takes milliseconds, short enough to shrink a failure within the test's time. */
const settleMs = 2_000

/** A writer, a source and a pipeline that can crash, with the truth beside them. */
class World {
  readonly #logs: LogDir
  readonly #setup: Setup
  readonly written: string[] = []
  readonly committed: Batch[] = []
  #recorder: SourceRecorder | null = null
  #checkpoints: ReadonlyMap<string, Checkpoint> = new Map()
  #unfinished = ''
  #exists = true
  #rotations = 0

  constructor(logs: LogDir, options: Setup) {
    this.#logs = logs
    this.#setup = options
    logs.append('app.log', '')
  }

  async run(steps: readonly Step[]): Promise<void> {
    await this.start()
    // Nobody can find what was renamed before the first look, which commits the place.
    await until(() => (this.#recorder?.committed.length ?? 0) > 0)
    for (const one of steps) await this.#take(one)
    this.#write('last line\n')
    this.written.push(`${this.#unfinished}last line`)
    await this.start()
    await this.settle()
    await this.crash()
  }

  async #take(one: Step): Promise<void> {
    if (one.do === 'lines') this.#lines(one.count)
    else if (one.do === 'part') this.#write(this.#more(`part ${this.written.length} `))
    else if (one.do === 'rotate') this.#rotate()
    else if (one.do === 'crash') await this.crash()
    else if (one.do === 'start') await this.start()
    else if (this.#recorder !== null) {
      await this.settle()
      // What was never read cannot be read later: only finished and drained content is removed.
      if (one.do === 'settle' || this.#unfinished !== '' || !this.#exists) return
      if (one.do === 'truncate') this.#logs.truncate('app.log')
      else {
        this.#logs.remove('app.log')
        this.#write('')
      }
    }
  }

  #write(text: string): void {
    this.#logs.append('app.log', text)
    this.#exists = true
  }

  #more(text: string): string {
    this.#unfinished += text
    return text
  }

  #lines(count: number): void {
    for (let i = 0; i < count; i++) {
      const text = `line ${this.written.length}`
      this.#write(`${text}\n`)
      this.written.push(this.#unfinished + text)
      this.#unfinished = ''
    }
  }

  #rotate(): void {
    if (!this.#exists) return
    if (this.#unfinished !== '') this.written.push(this.#unfinished)
    this.#unfinished = ''
    const last = this.#rotations++
    if (this.#setup.names === 'numbers') {
      for (let n = last; n > 0; n--) this.#logs.rename(`app.log.${n}`, `app.log.${n + 1}`)
      this.#logs.rename('app.log', 'app.log.1')
    } else this.#logs.rename('app.log', `app.log-${20_261_100 + last}`)
    this.#exists = false
  }

  async start(): Promise<void> {
    if (this.#recorder !== null) return
    const { glob, from, filesMax } = this.#setup
    this.#recorder = new SourceRecorder(this.#checkpoints)
    this.#recorder.start(this.#logs.source([glob], { from, filesMax }), () => {})
  }

  /** Stops without letting the pipeline take what is in flight. */
  async crash(): Promise<void> {
    const recorder = this.#recorder
    if (recorder === null) return
    recorder.gate = new Promise(() => {})
    await recorder.stop()
    this.committed.push(...recorder.committed)
    this.#checkpoints = new Map(recorder.checkpoints)
    this.#recorder = null
  }

  /** Waits until all finished lines are committed. */
  async settle(): Promise<void> {
    const now = () => [...this.committed, ...(this.#recorder?.committed ?? [])].flatMap(linesOf)
    const finished = this.written.length
    await until(
      () => now().length >= finished,
      () => JSON.stringify({ missing: this.written.filter((line) => !now().includes(line)) }),
      settleMs,
    )
  }
}

test('counts every line once through any history of the file', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(setup, fc.array(step, { maxLength: 25 }), async (options, steps) => {
      let cleanUp = () => {}
      const logs = new LogDir((done) => (cleanUp = done))
      const world = new World(logs, options)
      try {
        await world.run(steps)
      } finally {
        await world.crash()
        cleanUp()
      }
      expect(world.committed.flatMap(linesOf).sort()).toEqual(world.written.sort())
      const ends = new Map<string, number>()
      for (const { partition, start, bytes } of world.committed) {
        expect(start).toBeGreaterThanOrEqual(ends.get(partition) ?? 0)
        ends.set(partition, start + bytes.length)
      }
    }),
    { numRuns: Number(process.env['LASTPUSH_MODEL_RUNS'] ?? 100) },
  )
})
