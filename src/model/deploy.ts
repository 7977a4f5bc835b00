/** A deploy: a change of the code (or configuration) that reached an environment of a service. */

export type DeployKind = 'push' | 'rollback' | 'config'
export type DeployStatus = 'running' | 'done' | 'failed'

/** The form that commands, API and store share; times are RFC 3339 UTC with milliseconds. */
export interface Deploy {
  readonly id: string
  /** As given; hex is lower-cased. Shortened only on display. */
  readonly sha: string
  readonly previous: string | null
  readonly env: string
  /** null: holds for every service of the environment. */
  readonly service: string | null
  readonly by: string | null
  readonly url: string | null
  /** First moment at which the new code may answer; whole second; belongs to *after*. */
  readonly start: string
  /** When the roll-out ended; null while it runs. */
  readonly end: string | null
  readonly kind: DeployKind
  readonly status: DeployStatus
}

/** DESIGN: 4 to 64 characters, first one alphanumeric. */
export const shaPattern = /^[0-9A-Za-z][0-9A-Za-z._+-]{3,63}$/

/** Lower-cases hex SHAs and leaves every other as given. */
export function normalSha(sha: string): string {
  return /^[0-9A-Fa-f]+$/.test(sha) ? sha.toLowerCase() : sha
}

/** True when both name the same code: equal, or hex with one a prefix (>= 7) of the other. */
export function sameSha(a: string, b: string): boolean {
  if (a === b) return true
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.length >= 7 && /^[0-9a-f]+$/.test(long) && long.startsWith(short)
}

/** For display only: the first ten characters of a long hex SHA. */
export function shortSha(sha: string): string {
  return /^[0-9a-f]{11,}$/.test(sha) ? sha.slice(0, 10) : sha
}
