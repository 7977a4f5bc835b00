/** Requests and errors over time, from the committed panes, for the page's chart. */
import { isoTime } from '../flow/time.ts'
import type { Rates, RatesQuestion } from '../server/view.ts'
import type { PaneRow, StateReader } from '../store/state.ts'

const errorLevels: ReadonlySet<string> = new Set(['emerg', 'alert', 'crit', 'error'])

/** An error is an event of level error or worse, or a request answered with 5xx. One failure usually
 *  leaves both, in two logs, so a step counts the larger of the two and never their sum. */
export async function rates(question: RatesQuestion, reader: StateReader): Promise<Rates> {
  const step = question.stepSeconds
  const from = Math.floor(question.from / 1_000 / step) * step
  const to = Math.ceil(question.to / 1_000)
  const steps = Math.max(0, Math.ceil((to - from) / step))
  const requests = new Array<number>(steps).fill(0)
  const logged = new Array<number>(steps).fill(0)
  const answered = new Array<number>(steps).fill(0)
  const panes = await reader.panes({
    from,
    to,
    kinds: ['requests', 'status', 'level'],
    ...(question.service === undefined ? {} : { service: question.service }),
    ...(question.env === undefined ? {} : { env: question.env }),
  })
  for (const pane of panes) {
    const at = Math.floor((pane.second - from) / step)
    const count = pane.count + pane.late
    const into = seriesOf(pane, { requests, logged, answered })
    if (into !== null) into[at] = (into[at] ?? 0) + count
  }
  return {
    from: isoTime(from * 1_000),
    to: isoTime(to * 1_000),
    step,
    times: requests.map((_, index) => from + index * step),
    requests,
    errors: logged.map((count, index) => Math.max(count, answered[index] ?? 0)),
  }
}

function seriesOf<T>(pane: PaneRow, series: { requests: T; logged: T; answered: T }): T | null {
  if (pane.kind === 'requests') return series.requests
  if (pane.kind === 'level') return errorLevels.has(pane.id) ? series.logged : null
  return /^5\d\d$/.test(pane.id) ? series.answered : null
}
