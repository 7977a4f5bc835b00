/** Alerts as commands, API, receivers and store share them. */
import { createHash } from 'node:crypto'

export type AlertState = 'pending' | 'firing' | 'resolved'

/** A deploy that may be to blame, with its share of the suspicion in [0, 1]. */
export interface Suspect {
  readonly sha: string
  readonly share: number
}

/** One onset of one rule for one set of labels. Unknowns are null; times RFC 3339 UTC with ms. */
export interface Alert {
  readonly rule: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: AlertState
  readonly acknowledged: boolean
  readonly muted: boolean
  readonly nodata: boolean
  /** Event time at which the condition began to hold. */
  readonly startsAt: string
  readonly endsAt: string | null
  /** SHA of the deploy in effect at startsAt. */
  readonly sha: string | null
  /** Id of that deploy. */
  readonly deploy: string | null
  /** SHA in effect at endsAt when it is not the alert's own. */
  readonly fixedBy: string | null
  readonly suspects: readonly Suspect[]
  readonly value: number | null
  readonly threshold: number | null
  readonly summary: string
  /** Up to five raw lines, first in event order. */
  readonly samples: readonly string[]
  /** Hash over rule and labels: the alert's identity over all its onsets. */
  readonly fingerprint: string
}

/** What a committed change of an alert's state was. `updated`: same state, new facts (its SHA). */
export type TransitionKind = 'firing' | 'updated' | 'resolved'

/** A committed change of an alert's state; what the dispatcher turns into notifications. */
export interface Transition {
  /** Deterministic: hash of fingerprint, onset and ordinal. The same after any replay. */
  readonly id: string
  readonly kind: TransitionKind
  /** Event time of the change, ms since the epoch. */
  readonly at: number
  readonly alert: Alert
}

/** 16 hex digits over the rule's name and the sorted labels. */
export function fingerprint(rule: string, labels: Readonly<Record<string, string>>): string {
  return shortHash([rule, ...Object.entries(labels).sort(byName).flat()])
}

/** Deterministic id of the n-th transition of an onset. */
export function transitionId(fingerprintOf: string, startsAt: string, ordinal: number): string {
  return shortHash([fingerprintOf, startsAt, String(ordinal)])
}

/** First 16 hex digits of SHA-256 over the parts, each length-prefixed so that none run together. */
export function shortHash(parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`)
  return hash.digest('hex').slice(0, 16)
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}
