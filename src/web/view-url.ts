/** What the page shows, as its URL: absolute times, or none for the live view. A link shows a
 *  colleague the same picture. Anything unreadable in a URL falls back to live. */

/** A stretch of time, ms since the epoch, whole seconds, fromMs < toMs. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

/** range null: live. deploy null: the newest one. query null: no search. */
export interface View {
  readonly range: TimeRange | null
  readonly deploy: string | null
  readonly query: string | null
}

/** Longest query that the daemon takes. */
export const queryCharsMax = 8_192

/** How much the live view shows. */
export const liveSpanMs = 15 * 60_000

/** The narrowest and the widest stretch that zooming leads to. */
export const spanMsMin = 20_000
export const spanMsMax = 7 * 86_400_000

/** Reads `location.search`. */
export function parseView(search: string): View {
  const query = new URLSearchParams(search)
  const fromMs = Date.parse(query.get('from') ?? '')
  const toMs = Date.parse(query.get('to') ?? '')
  const valid = fromMs < toMs && toMs - fromMs <= spanMsMax
  const range = valid ? wholeSeconds({ fromMs, toMs }) : null
  const asked = query.get('q')
  const searched = asked === null || asked === '' || asked.length > queryCharsMax ? null : asked
  return { range, deploy: query.get('deploy'), query: searched }
}

/** The query part for a view: '' or '?from=…&to=…&deploy=…&q=…', times RFC 3339 UTC. */
export function formatView(view: View): string {
  const query = new URLSearchParams()
  if (view.range !== null) {
    query.set('from', rfc3339(view.range.fromMs))
    query.set('to', rfc3339(view.range.toMs))
  }
  if (view.deploy !== null) query.set('deploy', view.deploy)
  if (view.query !== null) query.set('q', view.query)
  // Colons are legal in a query and make times readable.
  const text = query.toString().replaceAll('%3A', ':')
  return text === '' ? '' : `?${text}`
}

/** The stretch that a view shows at `nowMs`. */
export function shownRange(view: View, nowMs: number): TimeRange {
  return view.range ?? wholeSeconds({ fromMs: nowMs - liveSpanMs, toMs: nowMs })
}

/** A drag in the chart: whole seconds, widened about its middle to the narrowest stretch. */
export function zoomed(range: TimeRange): TimeRange {
  const lacking = Math.max(0, spanMsMin - (range.toMs - range.fromMs)) / 2
  return wholeSeconds({ fromMs: range.fromMs - lacking, toMs: range.toMs + lacking })
}

/** Twice the stretch about the same middle, pushed back when it would end in the future. */
export function zoomedOut(range: TimeRange, nowMs: number): TimeRange {
  const span = Math.min(2 * (range.toMs - range.fromMs), spanMsMax)
  const middle = (range.fromMs + range.toMs) / 2
  const toMs = Math.max(range.toMs, Math.min(middle + span / 2, nowMs))
  return wholeSeconds({ fromMs: toMs - span, toMs })
}

/** The stretch that shows a moment with what led to it and what came of it, as far as that goes. */
export function around(momentMs: number, nowMs: number): TimeRange {
  const fromMs = momentMs - liveSpanMs / 3
  const toMs = Math.min(fromMs + liveSpanMs, Math.max(nowMs, momentMs + spanMsMin))
  return wholeSeconds({ fromMs, toMs })
}

/** RFC 3339 UTC to the second. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

function wholeSeconds(range: TimeRange): TimeRange {
  const fromMs = Math.floor(range.fromMs / 1_000) * 1_000
  return { fromMs, toMs: Math.max(Math.ceil(range.toMs / 1_000) * 1_000, fromMs + 1_000) }
}
