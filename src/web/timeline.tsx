/** The chart with its controls: what range it shows, values under the pointer, links to it. */
import { useMemo, useState } from 'preact/hooks'
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import type { Rates } from '../server/view.ts'
import { Chart } from './chart.tsx'
import { errorPercent, isEmpty, type RateSeries, toSeries } from './rates.ts'
import { Empty, Failure, localTime, Moment, utc } from './text.tsx'
import type { Resource } from './use-data.ts'
import {
  around,
  formatView,
  liveSpanMs,
  rfc3339,
  shownRange,
  type TimeRange,
  type View,
  zoomed,
  zoomedOut,
} from './view-url.ts'
import { quantity } from './words.ts'

interface Props {
  readonly alerts: readonly Alert[]
  readonly deploys: readonly Deploy[]
  readonly rates: Resource<Rates>
  readonly view: View
  readonly nowMs: number
  readonly go: (view: View) => void
  readonly onSelect: (deploy: string) => void
}

export function Timeline(props: Props) {
  const { rates, view, nowMs } = props
  const [hovered, setHovered] = useState<number | null>(null)
  const range = shownRange(view, nowMs)
  const series = useMemo(() => (rates.data === null ? null : toSeries(rates.data)), [rates.data])
  const zoom = (to: TimeRange) => props.go({ ...view, range: zoomed(to) })
  return (
    <section class="timeline" aria-labelledby="timeline-title">
      <h2 id="timeline-title" class="unseen">
        Errors and requests over time
      </h2>
      <div class="timeline-head">
        <Readout series={series} hovered={hovered} nowMs={nowMs} />
        <Controls {...props} range={range} />
      </div>
      <Failure what="The rates" error={rates.error} />
      <Chart
        series={series}
        range={range}
        nowMs={nowMs}
        alerts={props.alerts}
        deploys={props.deploys}
        onHover={setHovered}
        onZoom={zoom}
        onSelect={props.onSelect}
      >
        {rates.data !== null && isEmpty(rates.data) && <NoLines {...props} zoom={zoom} />}
      </Chart>
      <p class="range">
        <Moment at={rfc3339(range.fromMs)} nowMs={nowMs} /> to{' '}
        <Moment at={rfc3339(range.toMs)} nowMs={nowMs} />
        {rates.data !== null && (
          <>
            <span class="sep"> · </span>steps of {rates.data.step} s
          </>
        )}
        <span class="hint">
          <span class="sep"> · </span>drag to zoom
        </span>
      </p>
    </section>
  )
}

/** Legend and values in one row: those under the pointer, else the newest. */
function Readout(props: { series: RateSeries | null; hovered: number | null; nowMs: number }) {
  const { series, nowMs } = props
  const last = (series?.times.length ?? 0) - 1
  const index = Math.min(props.hovered ?? last, last)
  const at = (series?.times[index] ?? 0) * 1_000
  const errors = series?.errors[index] ?? null
  const requests = series?.requests[index] ?? null
  const percent = errors === null || requests === null ? null : errorPercent(errors, requests)
  return (
    <dl class="readout">
      <div>
        <dt>
          <span class="key errors" aria-hidden="true" />
          errors
        </dt>
        <dd>
          {errors === null ? '–' : quantity(errors)}
          <span class="unit">/s</span>
          {percent !== null && <span class="unit"> {percent.toFixed(1)} %</span>}
        </dd>
      </div>
      <div>
        <dt>
          <span class="key requests" aria-hidden="true" />
          requests
        </dt>
        <dd>
          {requests === null ? '–' : quantity(requests)}
          <span class="unit">/s</span>
        </dd>
      </div>
      {props.hovered !== null && series !== null && (
        <div class="readout-time" title={utc(rfc3339(at))}>
          <dt>at</dt>
          <dd>{localTime(at, nowMs)}</dd>
        </div>
      )}
    </dl>
  )
}

function Controls({ view, go, range, nowMs }: Props & { range: TimeRange }) {
  const live = view.range === null
  return (
    <div class="controls" role="group" aria-label="Time range">
      <button type="button" aria-pressed={live} onClick={() => go({ ...view, range: null })}>
        <span class="dot live" aria-hidden="true" />
        Live
      </button>
      <button type="button" onClick={() => go({ ...view, range: zoomedOut(range, nowMs) })}>
        Zoom out
      </button>
      <CopyLink view={view} range={range} go={go} />
    </div>
  )
}

/** Copies a link with absolute times, also out of the live view, which itself goes on. */
function CopyLink({ view, range, go }: Pick<Props, 'view' | 'go'> & { range: TimeRange }) {
  const [copied, setCopied] = useState<string | null>(null)
  const copy = async () => {
    const frozen = { ...view, range }
    const link = location.origin + location.pathname + formatView(frozen)
    try {
      await navigator.clipboard.writeText(link)
      setCopied('Copied')
    } catch {
      // Without the right to the clipboard, the address bar holds the link.
      go(frozen)
      setCopied('In the address bar')
    }
    setTimeout(() => setCopied(null), 2_500)
  }
  return (
    <button type="button" onClick={() => void copy()}>
      <span aria-live="polite">{copied ?? 'Copy link'}</span>
    </button>
  )
}

function NoLines({ view, go, deploys, zoom, nowMs }: Props & { zoom: (range: TimeRange) => void }) {
  const newest = deploys[0]
  const startMs = newest === undefined ? NaN : Date.parse(newest.start)
  return (
    <Empty
      title={view.range === null ? 'No line in the last 15 minutes.' : 'No line in this time.'}
    >
      {startMs < nowMs - liveSpanMs && view.range === null ? (
        <button type="button" onClick={() => zoom(around(startMs, nowMs))}>
          Show the newest push
        </button>
      ) : view.range === null ? (
        <p>
          Read logs with <code>lastpush run /var/log/nginx/*.log</code>
        </p>
      ) : (
        <button type="button" onClick={() => go({ ...view, range: null })}>
          Back to live
        </button>
      )}
    </Empty>
  )
}
