/** Brings the metrics up to date that are kept as counts elsewhere: by the pipeline, by the parts that
 *  have faults. Done when somebody asks. */
import type { Metrics } from '../flow/metrics.ts'
import type { Pipeline } from '../pipeline.ts'
import type { IndexStatus } from '../server/view.ts'

export interface Measured {
  readonly metrics: Metrics
  readonly pipeline: Pipeline
  readonly faults: () => ReadonlyMap<string, string>
  readonly index: () => IndexStatus
}

const partitionCounts = [
  { name: 'lastpush_lines_total', count: 'lines', help: 'Lines read; lines = events + continued + unparsed.' },
  { name: 'lastpush_events_total', count: 'events', help: 'Lines that are events.' },
  { name: 'lastpush_continued_total', count: 'continued', help: 'Lines that continue an event.' },
  { name: 'lastpush_unparsed_total', count: 'unparsed', help: 'Lines that fit no pattern of their parser.' },
  { name: 'lastpush_late_total', count: 'late', help: 'Events too late for decisions; counted, never decided on.' },
  { name: 'lastpush_clamped_total', count: 'clamped', help: 'Events whose time lay in the future and was replaced by their arrival.' },
  { name: 'lastpush_cut_total', count: 'cut', help: 'Lines cut at the line limit.' },
] as const // prettier-ignore

export function measure(parts: Measured): void {
  const { metrics, pipeline } = parts
  for (const partition of pipeline.partitions()) {
    const labels = { source: partition.source, partition: partition.partition }
    for (const { name, count, help } of partitionCounts) {
      metrics.counter(name, help).set(partition[count], labels)
    }
  }
  metrics
    .counter('lastpush_signatures_overflowed_total', 'Events whose message became `other`.')
    .set(pipeline.overflowedSignatures)
  measureFaults(parts)
  const living = pipeline.engine.alerts()
  const gauge = metrics.gauge('lastpush_alerts', 'Living alerts by state.')
  for (const state of ['firing', 'pending'] as const) {
    gauge.set(living.filter((alert) => alert.state === state).length, { state })
  }
}

function measureFaults({ metrics, faults, index }: Measured): void {
  const gauge = metrics.gauge('lastpush_fault', '1 for each place that has a fault in `status`.')
  gauge.clear()
  for (const place of faults().keys()) gauge.set(1, { place })
  const indexHelp = '1 while the event index takes no events, else 0.'
  metrics.gauge('lastpush_index_fault', indexHelp).set(index().fault === null ? 0 : 1)
}
