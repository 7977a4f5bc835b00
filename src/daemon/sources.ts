/** Runs the configured sources of a daemon: feeds what they emit to the ingest loop, keeps their
 *  faults for `status`, and starts one again that ended by an error. */
import type { Log } from '../flow/log.ts'
import type { Clock } from '../flow/time.ts'
import type { Checkpoint } from '../model/event.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Source } from '../sources/source.ts'
import type { Ingest } from './ingest.ts'

/** Pause before a source that failed is run again, ms. */
const restartMs = 1_000

export interface SourcesOptions {
  readonly sources: readonly Source[]
  readonly pipeline: Pipeline
  readonly ingest: Ingest
  readonly clock: Clock
  readonly log: Log
}

export class RunningSources {
  readonly #options: SourcesOptions
  readonly #stopping = new AbortController()
  readonly #faults = new Map<string, string>()
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: SourcesOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = Promise.all(this.#options.sources.map((source) => this.#run(source)))
  }

  /** Partition → what an operator should mend. */
  get faults(): ReadonlyMap<string, string> {
    return this.#faults
  }

  /** Resolves when no source will emit any more. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(source: Source): Promise<void> {
    const { clock, log, pipeline, ingest } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await source.run({
          clock,
          log,
          checkpoints: this.#checkpoints(),
          opened: (partition) => pipeline.opened(source.name, partition, clock.now()),
          closed: (partition) => pipeline.closed(partition),
          emit: (batch) => ingest.offer(batch),
          fault: (partition, message) => this.#fault(partition, message),
          once: false,
          signal,
        })
        this.#fault(source.name, null)
        return
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        log.error({ source: source.name, error }, 'a source failed; it is started again')
        this.#fault(source.name, message)
        await clock.sleep(restartMs, signal)
      }
    }
  }

  /** Where each partition was ingested up to: a source that restarts must not repeat lines that the
   *  pipeline holds and has not committed yet. */
  #checkpoints(): ReadonlyMap<string, Checkpoint> {
    const checkpoints = new Map<string, Checkpoint>()
    for (const { partition, checkpoint } of this.#options.pipeline.partitions()) {
      if (checkpoint !== null) checkpoints.set(partition, checkpoint)
    }
    return checkpoints
  }

  #fault(partition: string, message: string | null): void {
    if (message === null) this.#faults.delete(partition)
    else this.#faults.set(partition, message)
  }
}
