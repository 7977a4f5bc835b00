/** How one partition reads in `status`. */
import { isoTime } from '../flow/time.ts'
import type { PartitionState } from '../pipeline/partition.ts'
import type { SourceStatus } from '../server/view.ts'
import type { SourceSettings } from '../sources/settings.ts'

/** One partition as `status` shows it. @param reached ms, -Infinity when nothing was. */
export function sourceStatus(
  partition: PartitionState,
  settings: SourceSettings | undefined,
  now: number,
  reached: number,
  fault: string | null,
): SourceStatus {
  return {
    name: partition.source,
    partition: partition.partition,
    parser: partition.parser,
    service: settings?.service ?? null,
    env: settings?.env ?? '',
    lines: partition.lines,
    events: partition.events,
    continued: partition.continued,
    unparsed: partition.unparsed,
    late: partition.late,
    lagSeconds:
      partition.newest === null ? null : Math.max(0, Math.round((now - partition.newest) / 1_000)),
    watermark: Number.isFinite(reached) ? isoTime(reached) : null,
    fault,
    unparsedSamples: partition.unparsedSamples,
  }
}

/** A place that has a fault and no partition yet. */
export function nothingRead(partition: string): SourceStatus {
  return {
    name: partition,
    partition,
    parser: null,
    service: null,
    env: '',
    lines: 0,
    events: 0,
    continued: 0,
    unparsed: 0,
    late: 0,
    lagSeconds: null,
    watermark: null,
    fault: null,
    unparsedSamples: [],
  }
}
