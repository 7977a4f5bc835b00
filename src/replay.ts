/** The same evaluation over recorded lines, by event time: `replay`, `run --once` and the tests of
 *  rules. One pass, no store, no clock that decides; sources are merged by time, and a reader far
 *  ahead of the slowest is paused, so memory does not grow with the length of the logs. */
import type { Clock } from './flow/time.ts'
import type { Log } from './flow/log.ts'
import { Metrics } from './flow/metrics.ts'
import type { Alert } from './model/alert.ts'
import type { Batch } from './model/event.ts'
import { Pipeline, type PipelineOptions } from './pipeline.ts'
import type { Source } from './sources/source.ts'

export interface ReplayOptions extends Omit<PipelineOptions, 'live' | 'commits'> {
  readonly clock: Clock
  readonly log: Log
  readonly readers: readonly Source[]
  readonly signal?: AbortSignal
  /** Told of sources that cannot be read. */
  readonly onFault?: (partition: string, message: string) => void
}

export interface Replayed {
  readonly pipeline: Pipeline
  /** Every onset that fired, in its last state, by startsAt and fingerprint. */
  readonly alerts: readonly Alert[]
}

/** Reads every source to its end and evaluates everything. */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const pipeline = new Pipeline({ ...options, live: false, commits: false })
  const alerts = new Map<string, Alert>()
  const take = (batch: Batch) => {
    pipeline.ingest(batch)
    keepAlerts(alerts, pipeline)
  }
  const merge = new TimeMerge(take, pipeline, options.readers)
  const signal = options.signal ?? new AbortController().signal
  await Promise.all(
    options.readers.map(async (source) => {
      await source.run({
        clock: options.clock,
        log: options.log,
        metrics: new Metrics(),
        checkpoints: new Map(),
        opened: (partition) => {
          pipeline.opened(source.name, partition, 0)
          merge.open(partition, source)
        },
        closed: (partition) => {
          pipeline.closed(partition)
          merge.close(partition)
        },
        readable() {},
        emit: (batch) => merge.offer(batch),
        fault: (partition, message) => {
          if (message !== null) options.onFault?.(partition, message)
        },
        once: true,
        signal,
      })
      merge.ended(source)
    }),
  )
  pipeline.finish()
  keepAlerts(alerts, pipeline)
  return { pipeline, alerts: [...alerts.values()].sort(byStart) }
}

/** Drains what the pipeline would commit: only alerts outlive a replay. */
function keepAlerts(alerts: Map<string, Alert>, pipeline: Pipeline): void {
  for (const alert of pipeline.takeAlerts()) {
    alerts.set(`${alert.fingerprint} ${alert.startsAt}`, alert)
  }
}

function byStart(a: Alert, b: Alert): number {
  const [left, right] = [a.startsAt + a.fingerprint, b.startsAt + b.fingerprint]
  return left < right ? -1 : left > right ? 1 : 0
}

interface Offered {
  readonly batch: Batch
  readonly taken: () => void
}

/** Hands on the batch of the partition whose time lies furthest back, once every reader has opened
 *  what it reads and every open partition has offered a batch. */
class TimeMerge {
  readonly #take: (batch: Batch) => void
  readonly #pipeline: Pipeline
  readonly #open = new Map<string, Offered | null>()
  /** Readers that have neither opened a partition nor ended. A reader opens all that it will read
   *  before it offers anything. */
  readonly #silent: Set<Source>

  constructor(take: (batch: Batch) => void, pipeline: Pipeline, readers: readonly Source[]) {
    this.#take = take
    this.#pipeline = pipeline
    this.#silent = new Set(readers)
  }

  open(partition: string, reader: Source): void {
    this.#silent.delete(reader)
    if (!this.#open.has(partition)) this.#open.set(partition, null)
  }

  /** A reader has come to its end, perhaps without having found anything. */
  ended(reader: Source): void {
    this.#silent.delete(reader)
    this.#next()
  }

  close(partition: string): void {
    this.#open.delete(partition)
    this.#next()
  }

  /** Resolves when the batch has been ingested. */
  offer(batch: Batch): Promise<void> {
    return new Promise((resolve) => {
      this.#open.set(batch.partition, { batch, taken: resolve })
      this.#next()
    })
  }

  #next(): void {
    if (this.#silent.size > 0) return
    let furthestBack: Offered | null = null
    let least = Infinity
    for (const [partition, offered] of this.#open) {
      if (offered === null) return
      const newest = this.#pipeline.newest(partition)
      if (furthestBack === null || newest < least) {
        furthestBack = offered
        least = newest
      }
    }
    if (furthestBack === null) return
    this.#open.set(furthestBack.batch.partition, null)
    this.#take(furthestBack.batch)
    furthestBack.taken()
  }
}
