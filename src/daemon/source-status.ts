/** What is known of each partition, for `status`, `lastpush sources` and the metrics: the counts of
 *  the pipeline, the faults of the sources, and how far they are. */
import type { Metrics } from '../flow/metrics.ts'
import { isoTime, type Clock } from '../flow/time.ts'
import { scopeKey } from '../model/scope.ts'
import type { PartitionState } from '../pipeline/partition.ts'
import type { Pipeline } from '../pipeline.ts'
import type { ReadingStatus, SourceStatus } from '../server/view.ts'
import { settingsOf, type SourceSettings } from '../sources/settings.ts'
import type { Reach } from '../sources/source.ts'
import type { LineRates } from './line-rates.ts'

export interface SourceParts {
  readonly clock: Clock
  readonly pipeline: Pipeline
  readonly sources: ReadonlyMap<string, SourceSettings>
  readonly metrics: Metrics
  readonly faults: () => ReadonlyMap<string, string>
  readonly reach: () => Promise<ReadonlyMap<string, Reach>>
  readonly lineRates: LineRates
}

export async function sourceStatuses(parts: SourceParts): Promise<SourceStatus[]> {
  const { clock, pipeline, sources, lineRates } = parts
  const reach = await parts.reach()
  const faults = new Map(parts.faults())
  const now = clock.now()
  const known = [...pipeline.partitions()].map((partition) => {
    const fault = faults.get(partition.partition) ?? null
    faults.delete(partition.partition)
    const source = sources.get(partition.source)
    const settings = source && settingsOf(source, partition.partition)
    const reached = pipeline.reached(scopeKey({ service: settings?.service ?? null, env: settings?.env ?? '' })) // prettier-ignore
    const rate = lineRates.of(partition, clock.monotonic())
    const reading = readingOf(reach.get(partition.partition), rate)
    return { ...sourceStatus(partition, settings, now, reached, fault), reading }
  })
  // Faults of what has no partition yet: a glob without files, a source that does not start.
  for (const [partition, fault] of faults) known.push({ ...nothingRead(partition), fault })
  return known
}

/** Brings the gauges of how far the sources are up to date: one series a source, not a partition. */
export async function measureReach(parts: SourceParts): Promise<void> {
  const { metrics, pipeline } = parts
  const bytes = metrics.gauge('lastpush_source_behind_bytes', 'Bytes that a source has not read yet.') // prettier-ignore
  const seconds = metrics.gauge('lastpush_source_behind_seconds', 'Longest time for which a partition of a source has not been at its end.') // prettier-ignore
  const reach = await parts.reach()
  const behind = new Map<string, { bytes: number; ms: number }>()
  for (const { source, partition } of pipeline.partitions()) {
    const { behindBytes = null, behindMs = null } = reach.get(partition) ?? {}
    if (behindBytes === null && behindMs === null) continue
    const all = behind.get(source) ?? { bytes: 0, ms: 0 }
    behind.set(source, {
      bytes: all.bytes + (behindBytes ?? 0),
      ms: Math.max(all.ms, behindMs ?? 0),
    })
  }
  bytes.clear()
  seconds.clear()
  for (const [source, all] of behind) {
    bytes.set(all.bytes, { source })
    seconds.set(all.ms / 1_000, { source })
  }
}

function readingOf(reach: Reach | undefined, linesPerSecond: number): ReadingStatus | null {
  if (reach === undefined) return null
  const { state, position, behindBytes, behindMs } = reach
  const behindSeconds = behindMs === null ? null : Math.round(behindMs / 100) / 10
  return { state, position, behindBytes, behindSeconds, linesPerSecond }
}

/** One partition as `status` shows it, without how far its source is. @param reached ms, -Infinity
 *  when nothing was. */
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
    reading: null,
    watermark: Number.isFinite(reached) ? isoTime(reached) : null,
    fault,
    unparsedSamples: partition.unparsedSamples,
  }
}

function nothingRead(partition: string): SourceStatus {
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
    reading: null,
    watermark: null,
    fault: null,
    unparsedSamples: [],
  }
}
