/** One alert group from its first alert to its end: which alerts it holds and when it is due. What
 *  it tells then is telling.ts. Pure; times are wall times in ms. */
import { shortHash, type Alert, type Transition } from '../model/alert.ts'
import { groupId, groupLabels, type Route } from './route.ts'

/** Alerts kept in one group. Of those beyond only the firing onsets are remembered: pages count
 *  them, and they keep the group open. */
export const groupAlertsMax = 1_000
/** Onsets remembered beyond those; what comes after is told by nobody but the metric. */
const beyondMax = 10_000

/** A transition that nobody was told of yet, and whose it is. */
export interface Pending {
  readonly id: string
  readonly fingerprint: string
}

/** Plain JSON; stored as the record `group`. */
export interface Group {
  /** Identity of this life of the group. */
  readonly key: string
  /** Identity over all its lives: receiver and group labels. */
  readonly id: string
  readonly receiver: string
  readonly labels: Readonly<Record<string, string>>
  readonly alerts: Readonly<Record<string, Alert>>
  /** Firing onsets that the group has no room for, each as `fingerprint startsAt`. */
  readonly beyond: readonly string[]
  readonly pending: readonly Pending[]
  /** Onsets that a page has told: fingerprint → startsAt. */
  readonly told: Readonly<Record<string, string>>
  /** Firing alerts that are muted: fingerprint → by whom. */
  readonly muted: Readonly<Record<string, string>>
  readonly paged: boolean
  /** When to tell next; null: nothing to tell until something happens. */
  readonly flushAt: number | null
  readonly lastSentAt: number
  /** Notifications sent so far. */
  readonly sequence: number
}

export function openGroup(
  id: string,
  receiver: string,
  labels: Readonly<Record<string, string>>,
  first: Transition,
): Group {
  return {
    key: shortHash([id, first.id]),
    id,
    receiver,
    labels,
    alerts: {},
    beyond: [],
    pending: [],
    told: {},
    muted: {},
    paged: false,
    flushAt: null,
    lastSentAt: 0,
    sequence: 0,
  }
}

/** True when the group holds this very onset, be it only by name. */
export function holdsOnset(group: Group, alert: Alert): boolean {
  return showsOnset(group, alert) || group.beyond.includes(onsetName(alert))
}

/** True when the pages of the group show this very onset. */
export function showsOnset(group: Group, alert: Alert): boolean {
  return group.alerts[alert.fingerprint]?.startsAt === alert.startsAt
}

function onsetName({ fingerprint, startsAt }: Alert): string {
  return `${fingerprint} ${startsAt}`
}

function withoutOnset(beyond: readonly string[], { fingerprint }: Alert): readonly string[] {
  return beyond.some((name) => name.startsWith(`${fingerprint} `))
    ? beyond.filter((name) => !name.startsWith(`${fingerprint} `))
    : beyond
}

/** Takes a transition in and decides when to tell it. */
export function takeIn(group: Group, transition: Transition, now: number, route: Route): Group {
  const { id, alert } = transition
  const { fingerprint } = alert
  const kept = group.alerts[fingerprint] === undefined ? withRoom(group) : group.alerts
  const shown = Object.keys(kept).length < groupAlertsMax || kept[fingerprint] !== undefined
  const others = withoutOnset(group.beyond, alert)
  const named = !shown && alert.state !== 'resolved' && others.length < beyondMax
  const next = {
    ...group,
    alerts: shown ? { ...kept, [fingerprint]: alert } : group.alerts,
    beyond: named ? [...others, onsetName(alert)] : others,
    pending: [...group.pending, { id, fingerprint }],
  }
  const due = !group.paged
    ? (group.flushAt ?? now + route.groupWaitMs)
    : isOver(next)
      ? now + route.groupWaitMs
      : Math.max(now, group.lastSentAt + route.groupIntervalMs)
  // News never waits for an earlier repeat, nor does it put off what is due already.
  return { ...next, flushAt: Math.min(due, group.flushAt ?? Infinity) }
}

/** The alerts of a group, in a full one without one whose end was told already, if there is any. */
function withRoom({ alerts, pending }: Group): Group['alerts'] {
  const all = Object.entries(alerts)
  if (all.length < groupAlertsMax) return alerts
  const untold = new Set(pending.map(({ fingerprint }) => fingerprint))
  const over = all.find(([key, { state }]) => state === 'resolved' && !untold.has(key))
  return over === undefined ? alerts : Object.fromEntries(all.filter((each) => each !== over))
}

/** Takes an onset out of a group that has told nothing yet, with its transitions. */
export function leave(groups: Map<string, Group>, group: Group, alert: Alert): void {
  const { fingerprint } = alert
  const beyond = withoutOnset(group.beyond, alert)
  const alerts = Object.fromEntries(
    Object.entries(group.alerts).filter(([key]) => key !== fingerprint),
  )
  const pending = group.pending.filter((each) => each.fingerprint !== fingerprint)
  if (Object.keys(alerts).length === 0 && beyond.length === 0) groups.delete(group.key)
  else groups.set(group.key, { ...group, alerts, beyond, pending })
}

/** When every alert of a group has been attributed anew to the same thing, the group is about that:
 *  what comes later of it belongs here, not on a page of its own. */
export function adopt(group: Group, routeOf: (alert: Alert) => Route): Group {
  const wanted = Object.values(group.alerts).map((alert) => groupLabels(routeOf(alert), alert))
  const [first] = wanted
  if (first === undefined) return group
  const id = groupId(group.receiver, first)
  const agreed = wanted.every((labels) => groupId(group.receiver, labels) === id)
  return agreed ? { ...group, id, labels: first } : group
}

/** True when every alert of it is resolved, also of those beyond what it shows. */
export function isOver(group: Group): boolean {
  const ended = Object.values(group.alerts).every((alert) => alert.state === 'resolved')
  return ended && group.beyond.length === 0
}

/** Firing ones first, then by startsAt and fingerprint. */
export function alertsInOrder(group: Group): readonly Alert[] {
  const rank = (alert: Alert): string =>
    `${alert.state === 'resolved' ? 1 : 0} ${alert.startsAt} ${alert.fingerprint}`
  return Object.values(group.alerts).sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
}

/** The group with its times moved by as much as the wall clock was set: a wait goes on as long as it
 *  was meant to last. */
export function shifted(group: Group, ms: number): Group {
  const { flushAt, lastSentAt } = group
  return {
    ...group,
    flushAt: flushAt === null ? null : flushAt + ms,
    lastSentAt: lastSentAt === 0 ? 0 : lastSentAt + ms,
  }
}

/** A group of an earlier process, whose clock may have been ahead of ours: nothing waits longer than
 *  its route says. */
export function takenUp(group: Group, now: number, route: Route): Group {
  const { groupWaitMs, groupIntervalMs, repeatIntervalMs } = route
  const waitMs = group.paged
    ? Math.max(groupWaitMs, groupIntervalMs, repeatIntervalMs)
    : groupWaitMs
  const aheadMs = Math.max((group.flushAt ?? 0) - now - waitMs, group.lastSentAt - now)
  return aheadMs > 0 ? shifted(group, -aheadMs) : group
}
