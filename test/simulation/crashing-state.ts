/** The real store, written on this thread, whose process may die before, in the middle of or after any
 *  transaction. In the middle means: the write-ahead log holds a random part of what the transaction
 *  was about to make durable, as after a crash that drops what was not synced. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LastpushError } from '../../src/model/errors.ts'
import { stateSchema } from '../../src/store/migrations.ts'
import { openForReading } from '../../src/store/sqlite-connection.ts'
import { SqliteStateReader } from '../../src/store/state-reader.ts'
import type { Commit, Dispatch, State } from '../../src/store/state.ts'
import type { StateRequest } from '../../src/store/writer-messages.ts'
import { WriteSession } from '../../src/store/write-session.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Where in a transaction of a kind the process dies. */
export type WriteTrap = `${'commit' | 'dispatch'}-${'before' | 'torn' | 'after'}`

/** The files of one store over all its processes; each crash leaves a copy that the next one opens. */
export class StoreFiles {
  readonly #root: string
  #generation = 0

  /** @param shared Folder for the stores of many runs; each gets one of its own. */
  constructor(shared: string, template: string) {
    this.#root = mkdtempSync(join(shared, 'run-'))
    mkdirSync(this.#dir)
    copyFileSync(template, this.path)
  }

  get #dir(): string {
    return join(this.#root, String(this.#generation))
  }

  get path(): string {
    return join(this.#dir, stateSchema.file)
  }

  walBytes(): number {
    return statSync(`${this.path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  }

  /** What a crash leaves. @param walBytes Of the write-ahead log; absent: all of it. */
  crash(walBytes?: number): void {
    const from = this.path
    const hasWal = this.walBytes() > 0
    this.#generation += 1
    mkdirSync(this.#dir)
    copyFileSync(from, this.path)
    if (!hasWal) return
    copyFileSync(`${from}-wal`, `${this.path}-wal`)
    if (walBytes !== undefined) truncateSync(`${this.path}-wal`, walBytes)
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }
}

/** Where stores of a simulation lie: in memory, where the machine has such a place. */
export function storeFolder(): string {
  const shm = statSync('/dev/shm', { throwIfNoEntry: false })
  return mkdtempSync(join(shm?.isDirectory() === true ? '/dev/shm' : tmpdir(), 'lastpush-sim-'))
}

/** What the state asks of the simulation. */
export interface StateSurroundings {
  readonly time: VirtualTime
  readonly files: StoreFiles
  /** ms that the next transaction takes. */
  readonly writeMs: () => number
  readonly isFull: () => boolean
  /** True when the process is to die here; asked once for each place that is passed. */
  readonly trapped: (trap: WriteTrap) => boolean
  readonly isDead: () => boolean
  /** Ends the process. @param walBytes What is left of the write-ahead log. */
  readonly die: (walBytes?: number) => void
  readonly below: (limit: number) => number
  /** Called after a dispatch is durable. */
  readonly onDispatched: (dispatch: Dispatch) => void
}

const never = new Promise<never>(() => {})

export class CrashingState extends SqliteStateReader implements State {
  readonly #around: StateSurroundings
  readonly #session: WriteSession
  #last: Promise<unknown> = Promise.resolve()

  constructor(around: StateSurroundings) {
    const session = new WriteSession('state', around.files.path)
    session.open()
    super(openForReading(around.files.path, stateSchema))
    this.#around = around
    this.#session = session
  }

  async commit(commit: Commit): Promise<void> {
    await this.#write({ op: 'commit', commit: structuredClone(commit) })
  }

  async dispatch(dispatch: Dispatch): Promise<void> {
    await this.#write({ op: 'dispatch', dispatch: structuredClone(dispatch) })
    this.#around.onDispatched(dispatch)
  }

  async dropBacklog(): Promise<void> {}

  async compact(): Promise<void> {}

  /** Closes both connections of a process, dead or not. */
  override async close(): Promise<void> {
    await super.close()
    this.#session.close()
  }

  /** One after the other, as the writer thread does it. */
  #write(request: StateRequest & { op: 'commit' | 'dispatch' }): Promise<void> {
    const done = this.#last.then(() => this.#writeNow(request))
    this.#last = done.catch(() => {})
    return done
  }

  async #writeNow(request: StateRequest & { op: 'commit' | 'dispatch' }): Promise<void> {
    const { time, files, writeMs, isFull, trapped, isDead, die, below } = this.#around
    await time.sleep(writeMs())
    if (isDead()) return never
    if (isFull()) throw new LastpushError('STORE_FULL', 'the simulated disk is full')
    if (trapped(`${request.op}-before`)) {
      die()
      return never
    }
    const before = files.walBytes()
    this.#session.write(request)
    const written = files.walBytes() - before
    if (written > 0 && trapped(`${request.op}-torn`)) {
      die(before + below(written))
      return never
    }
    if (trapped(`${request.op}-after`)) {
      if (request.op === 'dispatch') this.#around.onDispatched(request.dispatch)
      die()
      return never
    }
  }
}
