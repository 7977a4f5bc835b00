/** Judges the story from what the daemon has committed and delivered: one page that names the bad
 *  push, one resolution that names the fix, and nothing else. */
import { transitionId, type Alert } from '../model/alert.ts'
import { sameSha } from '../model/deploy.ts'
import type { Notification } from '../store/state.ts'

/** What is looked at; read from the store. */
export interface Evidence {
  readonly alerts: readonly Alert[]
  readonly notifications: readonly Notification[]
}

export interface Expected {
  /** SHA of the bad push and of its fix. */
  readonly bad: string
  readonly fix: string
  /** Wall times by which they must have come, ms. */
  readonly firingBy: number
  readonly resolvedBy: number
}

/** Where the story stands. `verdict` is null until it is over, then what was wrong, or nothing. */
export interface Judgement {
  readonly paged: boolean
  readonly resolved: boolean
  readonly faults: readonly string[]
}

export function judge({ alerts, notifications }: Evidence, expected: Expected): Judgement {
  const faults: string[] = []
  for (const alert of alerts) {
    if (alert.sha !== null && sameSha(alert.sha, expected.bad)) continue
    faults.push(`${alert.rule} named ${alert.sha ?? 'no push'} instead of ${expected.bad}`)
  }
  const groups = groupsOf(alerts, notifications)
  if (groups.size > 1) faults.push(`the alerts came in ${groups.size} groups instead of one`)
  const told = notifications.filter(({ groupKey }) => groups.has(groupKey))
  const pages = told.filter(({ body }) => body.startsWith('FIRING'))
  const ends = told.filter(({ body }) => body.startsWith('RESOLVED'))
  if (pages.length > 1) faults.push(`it paged ${pages.length} times instead of once`)
  if (ends.length > 1) faults.push(`it resolved ${ends.length} times instead of once`)
  for (const page of pages) {
    if (page.createdAt > expected.firingBy) faults.push('the page came too late')
  }
  for (const end of ends) {
    if (end.createdAt > expected.resolvedBy) faults.push('the resolution came too late')
    if (!end.body.includes(expected.fix))
      faults.push(`the resolution does not name ${expected.fix}`)
  }
  const delivered = (list: readonly Notification[]): boolean =>
    list.length > 0 && list.every(({ state }) => state === 'delivered')
  return { paged: delivered(pages), resolved: delivered(ends), faults }
}

/** What is missing when the time is over. */
export function unfinished({ paged, resolved }: Judgement): readonly string[] {
  if (!paged) return ['no page came']
  return resolved ? [] : ['it was not resolved']
}

/** Keys of the groups in which the alerts' first transitions were told. */
function groupsOf(
  alerts: readonly Alert[],
  notifications: readonly Notification[],
): ReadonlySet<string> {
  const firings = new Set(
    alerts.map(({ fingerprint, startsAt }) => transitionId(fingerprint, startsAt, 0)),
  )
  return new Set(
    notifications
      .filter(({ transitions }) => transitions.some((id) => firings.has(id)))
      .map(({ groupKey }) => groupKey),
  )
}
