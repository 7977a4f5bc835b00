/** The `route` of lastpush.yaml: who is told of which alerts, and in which groups. A route of the
 *  list takes what it leaves out from the one above it. */
import type { Route, Routing } from '../alerts/route.ts'
import type { Fault } from '../model/errors.ts'
import type { Given } from './schema.ts'

/** @param names Of the receivers that are configured. Faults go to `faults`, each with the path of its field. */
export function readRouting(given: Given, names: readonly string[], faults: Fault[]): Routing {
  assertKnown(given.route.receiver, names, 'route.receiver', faults)
  const otherwise: Route = {
    receiver: given.route.receiver ?? names[0] ?? 'console',
    groupBy: given.route.group_by,
    groupWaitMs: given.route.group_wait,
    groupIntervalMs: given.route.group_interval,
    repeatIntervalMs: given.route.repeat_interval,
  }
  const routes = given.route.routes.map((entry, index) => {
    assertKnown(entry.receiver, names, `route.routes[${index}].receiver`, faults)
    const route: Route = {
      receiver: entry.receiver ?? otherwise.receiver,
      groupBy: entry.group_by ?? otherwise.groupBy,
      groupWaitMs: entry.group_wait ?? otherwise.groupWaitMs,
      groupIntervalMs: entry.group_interval ?? otherwise.groupIntervalMs,
      repeatIntervalMs: entry.repeat_interval ?? otherwise.repeatIntervalMs,
    }
    return { match: entry.match, route }
  })
  return { routes, otherwise }
}

function assertKnown(
  receiver: string | undefined,
  names: readonly string[],
  field: string,
  faults: Fault[],
): void {
  if (receiver === undefined || names.includes(receiver)) return
  const known = names.join(', ') || 'none'
  const message = `no receiver is named ${JSON.stringify(receiver)}; known are ${known}`
  faults.push({ place: { file: '', field }, message })
}
