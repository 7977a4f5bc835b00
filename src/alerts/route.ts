/** Where alerts go and how they are bundled: one receiver, one grouping, three timers. */
import { shortHash, type Alert } from '../model/alert.ts'

/** Timers in ms, of the wall clock. */
export interface Route {
  readonly receiver: string
  /** Label names, or `deploy` for the deploy that an alert is attributed to. */
  readonly groupBy: readonly string[]
  /** From the first alert of a group to its page, so that what breaks together is told together. */
  readonly groupWaitMs: number
  /** Between two notifications of a group that has news. */
  readonly groupIntervalMs: number
  /** Between two notifications of a group without news. */
  readonly repeatIntervalMs: number
}

export const routeDefaults: Omit<Route, 'receiver'> = {
  groupBy: ['deploy'],
  groupWaitMs: 3_000,
  groupIntervalMs: 30_000,
  repeatIntervalMs: 4 * 3_600_000,
}

/** Values by which an alert is grouped. An alert that no deploy is known for is grouped by itself
 *  when the route asks for `deploy`: unrelated trouble must not hide in one page. */
export function groupLabels(route: Route, alert: Alert): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  for (const name of route.groupBy) {
    if (name === 'deploy') labels['deploy'] = alert.deploy ?? `none:${alert.fingerprint}`
    else labels[name] = alert.labels[name] ?? ''
  }
  return labels
}

export function groupId(receiver: string, labels: Readonly<Record<string, string>>): string {
  return shortHash([receiver, ...Object.entries(labels).flat()])
}
