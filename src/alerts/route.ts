/** Where alerts go and how they are bundled: a flat list of routes by query over labels, of which
 *  the first that picks an alert takes it, and one route for all others. */
import { shortHash, type Alert } from '../model/alert.ts'
import type { Query } from '../query/query.ts'
import { picks } from './match.ts'

/** One receiver, one grouping, three timers in ms of the wall clock. */
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

/** All routes as configured. */
export interface Routing {
  readonly routes: readonly { readonly match: Query; readonly route: Route }[]
  /** For alerts that no route picks. */
  readonly otherwise: Route
}

export const routeDefaults: Omit<Route, 'receiver'> = {
  groupBy: ['deploy'],
  groupWaitMs: 3_000,
  groupIntervalMs: 30_000,
  repeatIntervalMs: 4 * 3_600_000,
}

/** The route of an alert. */
export function routeOf(routing: Routing, alert: Alert): Route {
  const found = routing.routes.find(({ match }) => picks(match, alert))
  return found?.route ?? routing.otherwise
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
