/** The loop between sources and store: takes batches, runs them through the pipeline, and decides
 *  when an epoch is committed. One commit is under way at a time; meanwhile the next batches are
 *  parsed. When the store cannot be written nothing more is read, so nothing is lost. */
import type { Log } from '../flow/log.ts'
import type { Clock } from '../flow/time.ts'
import type { Batch } from '../model/event.ts'
import { LastpushError } from '../model/errors.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Commit, State } from '../store/state.ts'

/** A commit follows a change after at most this time, ms. */
const commitIntervalMs = 200
/** Bytes parsed but not committed before the readers have to wait. */
const uncommittedBytesMax = 16 * 1_024 * 1_024
/** The clock moves idle partitions this often, ms. */
const tickMs = 250
/** Between two tries of a commit that failed, ms. */
const retryMs = 1_000

export interface IngestOptions {
  readonly pipeline: Pipeline
  readonly state: Pick<State, 'commit'>
  readonly clock: Clock
  readonly log: Log
  /** Called after each commit with what it held. */
  readonly onCommitted: (commit: Commit) => void
}

interface Offered {
  readonly batch: Batch
  readonly taken: () => void
}

export class Ingest {
  readonly #options: IngestOptions
  readonly #queue: Offered[] = []
  #wake: (() => void) | null = null
  #stopping = false
  #running: Promise<void> | null = null
  #commit: Promise<void> | null = null
  #commitDueAt = 0
  #tickDueAt = 0
  #uncommittedBytes = 0
  #fault: LastpushError | null = null
  #flushWaiters: (() => void)[] = []

  constructor(options: IngestOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#loop()
  }

  /** Resolves when the pipeline has taken the batch. */
  offer(batch: Batch): Promise<void> {
    return new Promise((resolve) => {
      this.#queue.push({ batch, taken: resolve })
      this.#wake?.()
    })
  }

  /** Resolves when everything that the pipeline holds now is committed. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#flushWaiters.push(resolve)
      this.#commitDueAt = 0
      this.#wake?.()
    })
  }

  /** Why nothing is read at present; null when all is well. */
  get fault(): LastpushError | null {
    return this.#fault
  }

  /** Ends the loop after what was offered is ingested and committed. Sources must have ended. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake?.()
    await this.#running
  }

  async #loop(): Promise<void> {
    const { clock, pipeline } = this.#options
    for (;;) {
      const now = clock.now()
      if (now >= this.#tickDueAt) {
        this.#tickDueAt = now + tickMs
        if (this.#queue.length === 0) pipeline.tick(now)
      }
      if (this.#commit === null && this.#isCommitDue(clock.monotonic())) this.#startCommit()
      const next = this.#uncommittedBytes < uncommittedBytesMax ? this.#queue.shift() : undefined
      if (next !== undefined) {
        pipeline.ingest(next.batch)
        this.#uncommittedBytes += next.batch.bytes.length
        next.taken()
        await new Promise(setImmediate)
        continue
      }
      if (this.#stopping && this.#queue.length === 0) {
        if (this.#commit === null && !this.#startCommit()) return
        await this.#commit
        if (this.#fault !== null) return
        continue
      }
      // With nothing to commit only the clock has anything to say.
      await this.#sleep(this.#uncommittedBytes > 0 ? commitIntervalMs : tickMs)
    }
  }

  #isCommitDue(monotonic: number): boolean {
    return monotonic >= this.#commitDueAt
  }

  /** @returns False when there was nothing to commit. */
  #startCommit(): boolean {
    const waiters = this.#flushWaiters
    this.#flushWaiters = []
    this.#commitDueAt = this.#options.clock.monotonic() + commitIntervalMs
    const commit = this.#options.pipeline.take()
    if (commit === null) {
      for (const done of waiters) done()
      return false
    }
    this.#uncommittedBytes = 0
    this.#commit = this.#write(commit).then(() => {
      this.#commit = null
      for (const done of waiters) done()
      this.#wake?.()
    })
    return true
  }

  /** Tries until the store takes it: what it holds exists nowhere else. */
  async #write(commit: Commit): Promise<void> {
    const { state, clock, log, onCommitted } = this.#options
    for (;;) {
      try {
        await state.commit(commit)
        if (this.#fault !== null) log.info({}, 'the store takes commits again')
        this.#fault = null
        onCommitted(commit)
        return
      } catch (error) {
        const fault = asFault(error)
        if (this.#fault === null) log.error({ code: fault.code }, `not committed: ${fault.message}`)
        this.#fault = fault
        if (this.#stopping) return
        await clock.sleep(retryMs)
      }
    }
  }

  #sleep(ms: number): Promise<void> {
    const stop = new AbortController()
    this.#wake = () => stop.abort()
    return this.#options.clock.sleep(ms, stop.signal).finally(() => {
      this.#wake = null
    })
  }
}

function asFault(error: unknown): LastpushError {
  if (error instanceof LastpushError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new LastpushError('STORE_UNWRITABLE', message, { cause: error })
}
