/** The `route` of lastpush.yaml: who is told, and in which groups. */
import type { Route } from '../alerts/route.ts'
import type { Fault } from '../model/errors.ts'
import type { ReceiverConfig } from './entries.ts'
import type { Given } from './schema.ts'

export function readRoute(
  given: Given,
  receivers: readonly (ReceiverConfig | null)[],
  faults: Fault[],
): Route {
  const names = receivers.flatMap((receiver) => receiver?.name ?? [])
  const receiver = given.route.receiver ?? names[0] ?? 'console'
  if (given.route.receiver !== undefined && !names.includes(receiver)) {
    const message = `no receiver is named ${JSON.stringify(receiver)}; known are ${names.join(', ') || 'none'}` // prettier-ignore
    faults.push({ place: { file: '', field: 'route.receiver' }, message })
  }
  return {
    receiver,
    groupBy: given.route.group_by,
    groupWaitMs: given.route.group_wait,
    groupIntervalMs: given.route.group_interval,
    repeatIntervalMs: given.route.repeat_interval,
  }
}
