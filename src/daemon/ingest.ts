/** The loop between sources and store: takes batches, runs them through the pipeline, and lets
 *  epochs end in their time. While a commit is under way the next batches are parsed. When the store
 *  cannot be written nothing more is read, so nothing is lost. */
import type { Log } from '../flow/log.ts'
import type { Clock } from '../flow/time.ts'
import type { Batch } from '../model/event.ts'
import type { LastpushError } from '../model/errors.ts'
import { epochMs, Epochs } from '../pipeline/epochs/epochs.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Commit, State } from '../store/state.ts'

/** The clock moves idle partitions this often, ms. */
const tickMs = 250

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
  readonly #epochs: Epochs
  readonly #queue: Offered[] = []
  #wake: (() => void) | null = null
  #stopping = false
  #running: Promise<void> | null = null
  #tickDueAt = 0

  constructor(options: IngestOptions) {
    const { pipeline, state, clock, log, onCommitted } = options
    this.#options = options
    this.#epochs = new Epochs({
      take: () => pipeline.take(),
      state,
      clock,
      log,
      onCommitted,
      onSettled: () => this.#wake?.(),
    })
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

  /** Resolves when everything that the pipeline holds now is committed.
   *  @throws LastpushError of the store when that was given up at the shutdown. */
  flush(): Promise<void> {
    const flushed = this.#epochs.flush()
    this.#wake?.()
    return flushed
  }

  /** Why nothing is read at present; null when all is well. */
  get fault(): LastpushError | null {
    return this.#epochs.fault
  }

  /** Ends the loop after what was offered is ingested and committed. Sources must have ended.
   *  @throws LastpushError of the store when it does not take the last commit. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake?.()
    await this.#running
    await this.#epochs.close()
  }

  /** Ends when it is told to stop and nothing waits that the pipeline has room for. */
  async #loop(): Promise<void> {
    const { clock, pipeline } = this.#options
    for (;;) {
      const now = clock.now()
      if (now >= this.#tickDueAt) {
        this.#tickDueAt = now + tickMs
        if (this.#queue.length === 0) pipeline.tick(now)
      }
      this.#epochs.endIfDue()
      const next = this.#epochs.isFull ? undefined : this.#queue.shift()
      if (next !== undefined) {
        pipeline.ingest(next.batch)
        this.#epochs.gathered(next.batch.bytes.length)
        next.taken()
        await new Promise(setImmediate)
        continue
      }
      if (this.#stopping && (this.#queue.length === 0 || this.fault !== null)) return
      // With nothing to commit only the clock has anything to say.
      await this.#sleep(this.#epochs.hasLines ? epochMs : tickMs)
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
