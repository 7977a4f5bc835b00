/** Runs the configured sources of a daemon: feeds what they emit to the ingest loop, keeps their
 *  faults for `status`, and starts one again that ended by an error. */
import type { Log } from '../flow/log.ts'
import type { Metrics } from '../flow/metrics.ts'
import type { Clock } from '../flow/time.ts'
import type { Checkpoint } from '../model/event.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Committed, Reach, Source, SourceContext } from '../sources/source.ts'
import { Stop } from '../sources/stop.ts'
import type { Ingest } from './ingest.ts'

/** How long a source may take to name what it reads before the others go ahead, ms. */
const foundWithinMs = 1_000
/** Pause before a source that failed is run again, ms. */
const restartMsUsual = 1_000

export interface SourcesOptions {
  readonly sources: readonly Source[]
  readonly pipeline: Pipeline
  readonly ingest: Ingest
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Real path of the folder of the daemon's own files. */
  readonly ownDir?: string
  /** Id of the store that commits what the sources emit. */
  readonly storeId: string
  /** Pause before a source that failed is run again, ms; tests shorten it. */
  readonly restartMs?: number
}

export class RunningSources {
  readonly #options: SourcesOptions
  readonly #stopping = new AbortController()
  readonly #faults = new Map<string, string>()
  readonly #silent: Set<Source>
  readonly #listeners = new Map<Source, (committed: Committed) => void>()
  #allFound: () => void = () => {}
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: SourcesOptions) {
    this.#options = options
    this.#silent = new Set(options.sources)
  }

  start(): void {
    this.#running = Promise.all(this.#options.sources.map((source) => this.#run(source)))
  }

  /** Resolves when every source has named a partition or a fault, or its time for it is over. Until
   *  then nothing should be ingested: the watermark of a scope would run ahead of a partition that
   *  is about to be found, and all its lines would be late. */
  async found(): Promise<void> {
    const inTime = new AbortController()
    this.#allFound = () => inTime.abort()
    if (this.#silent.size > 0) await this.#options.clock.sleep(foundWithinMs, inTime.signal)
  }

  /** Partition → what an operator should mend. */
  get faults(): ReadonlyMap<string, string> {
    return this.#faults
  }

  /** Partition → how far its source is in it, of the sources that can tell. */
  async reach(): Promise<ReadonlyMap<string, Reach>> {
    const found = new Map<string, Reach>()
    for (const source of this.#options.sources) {
      for (const [partition, reach] of (await source.reach?.()) ?? []) found.set(partition, reach)
    }
    return found
  }

  /** Tells the sources that a commit was made. */
  committed(committed: Committed): void {
    for (const told of this.#listeners.values()) told(committed)
  }

  /** Resolves when no source will emit any more. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(source: Source): Promise<void> {
    const { clock, log, restartMs = restartMsUsual } = this.#options
    const { signal } = this.#stopping
    const stop = new Stop(signal)
    while (!signal.aborted) {
      const offered = new Set<Promise<void>>()
      try {
        await source.run(this.#context(source, offered))
        this.#fault(source.name, null)
        return
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        log.error({ source: source.name, error }, 'a source failed; it is started again')
        this.#fault(source.name, message)
        await clock.sleep(restartMs, signal)
        // What still waits to be ingested is in no checkpoint that the next run could be given.
        await stop.or(Promise.all(offered))
        this.#fault(source.name, null)
      }
    }
  }

  /** @param offered Gets what the source has emitted and the pipeline has not taken yet. */
  #context(source: Source, offered: Set<Promise<void>>): SourceContext {
    const { clock, log, metrics, pipeline, ingest } = this.#options
    return {
      clock,
      log,
      metrics,
      checkpoints: this.#checkpoints(),
      opened: (partition) => {
        pipeline.opened(source.name, partition, clock.now())
        this.#heardOf(source)
      },
      closed: (partition) => pipeline.closed(partition),
      readable: (partition, is) => pipeline.readable(partition, is, clock.now()),
      emit: (batch) => {
        const taken = ingest.offer(batch).finally(() => offered.delete(taken))
        offered.add(taken)
        return taken
      },
      storeId: this.#options.storeId,
      onCommit: (told) => void this.#listeners.set(source, told),
      fault: (partition, message) => {
        this.#fault(partition, message)
        this.#heardOf(source)
      },
      ownDir: this.#options.ownDir,
      once: false,
      signal: this.#stopping.signal,
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

  #heardOf(source: Source): void {
    this.#silent.delete(source)
    if (this.#silent.size === 0) this.#allFound()
  }

  #fault(partition: string, message: string | null): void {
    if (message === null) this.#faults.delete(partition)
    else this.#faults.set(partition, message)
  }
}
