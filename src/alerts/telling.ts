/** What a due group tells, and what it keeps back because a silence mutes it. Pure.
 *
 *  What was told is always ended: an alert that was paged and resolves under a silence is told as
 *  resolved, so that no incident stays open at a receiver. One that nobody was told of, begins and
 *  ends in silence. When a silence ends before its alert does, the alert is told then. */
import type { Alert } from '../model/alert.ts'
import type { PageReason } from '../model/page.ts'
import type { Silence } from '../model/silence.ts'
import { alertsInOrder, isOver, type Group } from './group.ts'
import type { Route } from './route.ts'

/** The silence that mutes an alert at this moment; null when none does. */
export type MutedBy = (alert: Alert) => Silence | null

export interface Telling {
  /** One notification each; none when there is nothing that anybody may be told. */
  readonly reasons: readonly PageReason[]
  /** What the notifications show, firing first. */
  readonly alerts: readonly Alert[]
  /** Ids of the transitions that are told. */
  readonly transitions: readonly string[]
  /** Ids of those that are kept back. */
  readonly suppressed: readonly string[]
  /** Why, in a sentence; '' when none is. */
  readonly because: string
}

/** The firing alerts of a group that are muted now: fingerprint → by whom. */
export function mutedNow(group: Group, mutedBy: MutedBy): Readonly<Record<string, string>> {
  const muted: Record<string, string> = {}
  for (const alert of Object.values(group.alerts)) {
    const silence = alert.state === 'resolved' ? null : mutedBy(alert)
    if (silence !== null) muted[alert.fingerprint] = silence.by
  }
  return muted
}

/** Alerts that fire on after the silence that muted them: fingerprint → whose it was. */
export function released(
  group: Group,
  muted: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const firing = ([fingerprint]: [string, string]): boolean =>
    group.alerts[fingerprint]?.state === 'firing' && muted[fingerprint] === undefined
  return Object.fromEntries(Object.entries(group.muted).filter(firing))
}

/**
 * What to tell of a group now.
 * @param free Alerts whose silence has just ended, as `released` gives them.
 */
export function tell(
  group: Group,
  mutedBy: MutedBy,
  free: Readonly<Record<string, string>>,
): Telling {
  const hidden = new Map<string, Silence | null>()
  for (const alert of Object.values(group.alerts)) {
    const silence = mutedBy(alert)
    if (isHidden(group, alert, silence)) hidden.set(alert.fingerprint, silence)
  }
  const alerts = alertsInOrder(group)
    .filter(({ fingerprint }) => !hidden.has(fingerprint))
    .map((alert) => withNote(alert, free[alert.fingerprint]))
  const ids = (which: boolean): string[] =>
    group.pending.filter(({ fingerprint }) => hidden.has(fingerprint) === which).map(({ id }) => id)
  const transitions = ids(false)
  const suppressed = ids(true)
  const silence = [...hidden.values()].find((each) => each !== null)
  return {
    reasons: reasons(group, alerts, transitions.length + Object.keys(free).length > 0),
    alerts,
    transitions,
    suppressed,
    because: suppressed.length === 0 || silence == null ? '' : sentence(silence),
  }
}

/** The group after it has told that. */
export function afterTelling(group: Group, telling: Telling, now: number, route: Route): Group {
  const sent = telling.reasons.length > 0
  const paged = group.paged || sent
  const told = Object.fromEntries(
    telling.alerts.map(({ fingerprint, startsAt }) => [fingerprint, startsAt]),
  )
  return {
    ...group,
    pending: [],
    told: sent ? { ...group.told, ...told } : group.told,
    paged,
    lastSentAt: sent ? now : group.lastSentAt,
    flushAt: paged ? now + route.repeatIntervalMs : null,
    sequence: group.sequence + telling.reasons.length,
  }
}

function isHidden(group: Group, alert: Alert, silence: Silence | null): boolean {
  if (alert.state !== 'resolved') return silence !== null
  if (group.told[alert.fingerprint] === alert.startsAt) return false
  // Nobody was told that it began. Without a silence it is news as a whole, unless its beginning
  // was suppressed.
  return silence !== null || !group.pending.some((each) => each.fingerprint === alert.fingerprint)
}

/** What a due group tells: one that ends before its first page tells both. */
function reasons(group: Group, alerts: readonly Alert[], news: boolean): readonly PageReason[] {
  if (alerts.length === 0) return []
  const ended = alerts.every((alert) => alert.state === 'resolved')
  const over = ended && group.beyond.length === 0
  if (!group.paged) return over ? ['firing', 'resolved'] : ['firing']
  if (over) return news || isOver(group) ? ['resolved'] : []
  return [news ? 'update' : 'repeat']
}

/** People who are paged out of the blue must see that it is no new trouble. */
function withNote(alert: Alert, by: string | undefined): Alert {
  return by === undefined
    ? alert
    : { ...alert, summary: `${alert.summary} (the silence by ${by} has ended)` }
}

function sentence({ id, by, endsAt, comment }: Silence): string {
  return `silence ${id} by ${by} until ${endsAt}: ${comment}`
}
