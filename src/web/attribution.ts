/** Which alerts name which deploy, and how a deploy is shown. Decides nothing: the daemon has
 *  attributed already. The SHA rules repeat model/deploy.ts, as the page imports types only. */
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'

/** bad: an alert names it; fix: an alert ended by it; good: neither. */
export type DeployRole = 'bad' | 'fix' | 'good'

/** Newest first; equal starts by id, so that the order never flickers. */
export function newestFirst(deploys: readonly Deploy[]): Deploy[] {
  return [...deploys].sort(
    (a, b) => Date.parse(b.start) - Date.parse(a.start) || (a.id < b.id ? -1 : 1),
  )
}

/** The newest push that has started; a reporter's clock may be ahead. */
export function newestStarted(deploys: readonly Deploy[], nowMs: number): Deploy | null {
  return newestFirst(deploys).find(({ start }) => Date.parse(start) <= nowMs) ?? null
}

/** The deploy that an alert names, by id, else by SHA; null when it is not in the list. */
export function deployOf(alert: Alert, deploys: readonly Deploy[]): Deploy | null {
  const byId = deploys.find((deploy) => deploy.id === alert.deploy)
  if (byId !== undefined || alert.sha === null) return byId ?? null
  return deployBySha(alert.sha, deploys)
}

/** The newest deploy of a SHA. */
export function deployBySha(sha: string, deploys: readonly Deploy[]): Deploy | null {
  return newestFirst(deploys).find((deploy) => sameSha(deploy.sha, sha)) ?? null
}

/** What the alerts say of a deploy. A deploy that broke one thing and mended another is bad. */
export function roleOf(
  deploy: Deploy,
  alerts: readonly Alert[],
  deploys: readonly Deploy[],
): DeployRole {
  if (alerts.some((alert) => deployOf(alert, deploys)?.id === deploy.id)) return 'bad'
  const fixed = alerts.some(({ fixedBy }) => fixedBy !== null && sameSha(fixedBy, deploy.sha))
  return fixed ? 'fix' : 'good'
}

/** Equal, or hex with one (>= 7 characters) the beginning of the other. */
export function sameSha(a: string, b: string): boolean {
  if (a === b) return true
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.length >= 7 && /^[0-9a-f]+$/.test(long) && long.startsWith(short)
}

/** The first ten characters of a long hex SHA; others as they are. */
export function shortSha(sha: string): string {
  return /^[0-9a-f]{11,}$/.test(sha) ? sha.slice(0, 10) : sha
}

/** The URL when a browser may follow it (http or https), else null. */
export function safeUrl(url: string | null): string | null {
  return url !== null && /^https?:\/\//i.test(url) ? url : null
}

/** The word for what was deployed, as sentences use it. */
export function kindWord(deploy: Deploy | null): string {
  if (deploy === null || deploy.kind === 'push') return 'push'
  return deploy.kind === 'rollback' ? 'rollback to' : 'configuration change'
}
