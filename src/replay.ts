/** The same evaluation over recorded lines, by event time: `replay`, `run --once` and the tests of
 *  rules. One pass, no store, no clock that decides; sources are merged by time, and a reader far
 *  ahead of the slowest is paused, so memory does not grow with the length of the logs. */
import type { Clock } from './flow/time.ts'
import type { Log } from './flow/log.ts'
import { Metrics } from './flow/metrics.ts'
import type { Alert } from './model/alert.ts'
import { Pipeline, type PipelineOptions } from './pipeline.ts'
import { ParseAhead, type AheadOptions } from './replay/parse-ahead.ts'
import { TimeMerge } from './replay/time-merge.ts'
import type { Source } from './sources/source.ts'

export interface ReplayOptions extends Omit<PipelineOptions, 'live' | 'commits'> {
  readonly clock: Clock
  readonly log: Log
  readonly readers: readonly Source[]
  readonly signal?: AbortSignal
  /** Other threads that parse a long pass; absent: all is done on this one. */
  readonly ahead?: AheadOptions
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
  const ahead = options.ahead === undefined ? null : new ParseAhead(options.ahead)
  const onTaken = () => keepAlerts(alerts, pipeline)
  const merge = new TimeMerge({ pipeline, readers: options.readers, ahead, onTaken })
  try {
    const read = readAll(options, pipeline, merge)
    await (ahead === null ? read : Promise.race([read, ahead.failure]))
  } finally {
    await ahead?.close()
  }
  pipeline.finish()
  keepAlerts(alerts, pipeline)
  return { pipeline, alerts: [...alerts.values()].sort(byStart) }
}

async function readAll(
  options: ReplayOptions,
  pipeline: Pipeline,
  merge: TimeMerge,
): Promise<void> {
  const signal = options.signal ?? new AbortController().signal
  const read = async (source: Source): Promise<void> => {
    await source.run({
      clock: options.clock,
      log: options.log,
      metrics: new Metrics(),
      checkpoints: new Map(),
      opened: (partition) => {
        pipeline.opened(source.name, partition, 0)
        merge.open(partition, source)
      },
      closed: (partition) => merge.close(partition),
      readable() {},
      emit: (batch) => merge.offer(batch),
      fault: (partition, message) => {
        if (message !== null) options.onFault?.(partition, message)
      },
      storeId: '',
      onCommit() {},
      once: true,
      signal,
    })
    merge.ended(source)
  }
  await Promise.all(options.readers.map(read))
  await merge.drained()
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
