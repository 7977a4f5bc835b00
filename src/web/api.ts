/** The daemon's API as the page uses it, one function per request. Answers are trusted in shape
 *  (they come from the same process), their texts are not. */
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import type { Verdict } from '../model/verdict.ts'
import type { Events, Rates, Status } from '../server/view.ts'
import { learnTime } from './clock.ts'
import { rfc3339, type TimeRange } from './view-url.ts'

const timeoutMs = 15_000

export const api = {
  status: (signal: AbortSignal) => get<Status>('status', signal),
  /** Both at once: a sentence made from new alerts and old deploys would blame the wrong push. */
  alertsAndDeploys: async (signal: AbortSignal) => {
    const [alerts, deploys] = await Promise.all([
      get<readonly Alert[]>('alerts', signal),
      get<readonly Deploy[]>('deploys', signal),
    ])
    return { alerts, deploys }
  },
  since: (deploy: string, signal: AbortSignal) =>
    get<Verdict>(`since?${new URLSearchParams({ deploy }).toString()}`, signal),
  rates: (range: TimeRange, step: number, signal: AbortSignal) => {
    const query = { from: rfc3339(range.fromMs), to: rfc3339(range.toMs), step: String(step) }
    return get<Rates>(`rates?${new URLSearchParams(query).toString()}`, signal)
  },
  events: (q: string, range: TimeRange, limit: number, signal: AbortSignal) => {
    const given = { q, from: rfc3339(range.fromMs), to: rfc3339(range.toMs), limit: String(limit) }
    return get<Events>(`events?${new URLSearchParams(given).toString()}`, signal)
  },
}

/** Where the stream of news is; relative like all others, so that a proxy may mount the page. */
export const streamUrl = 'api/v1/stream'

async function get<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(`api/v1/${path}`, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  }).catch((error: unknown) => {
    throw new Error(signal.aborted ? 'aborted' : 'lastpush does not answer', { cause: error })
  })
  // The session is over: in place of the page the server sends the document that asks for a token.
  if (response.status === 401) location.reload()
  learnTime(response.headers.get('date'))
  const body: unknown = await response.json().catch(() => null)
  if (response.ok && body !== null) return body as T
  const said = (body as { error?: { message?: unknown } } | null)?.error?.message
  throw new Error(typeof said === 'string' ? said : `the server answered ${response.status}`)
}
