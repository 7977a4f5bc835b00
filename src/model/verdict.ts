/** The answer to "what changed since the last push", as `since --json` and the page show it. */
import type { Deploy } from './deploy.ts'

export type VerdictClass = 'new' | 'worse' | 'same' | 'better' | 'fixed' | 'undecided'
export type ItemKind = 'signature' | 'status' | 'level' | 'requests'
export type UndecidedReason = 'seen once' | 'too early' | 'blind' | 'inherited'

/** Count over a stretch; exposure is requests or seconds, as the service is configured. */
export interface Stretch {
  readonly count: number
  readonly exposure: number
  readonly seconds: number
}

export interface VerdictItem {
  readonly kind: ItemKind
  /** Signature group, status code or level. */
  readonly id: string
  readonly template: string | null
  readonly class: VerdictClass
  readonly reason: UndecidedReason | null
  readonly before: Stretch
  readonly after: Stretch
  /** Rate after / rate before; null when before is 0. */
  readonly ratio: number | null
  /** 95 % interval of the ratio, or null. */
  readonly interval: readonly [number, number] | null
  /** E of the test that decided the class (worse or better). */
  readonly evidence: number
  readonly firstSeen: string | null
  readonly sample: string | null
}

export interface VerdictSource {
  readonly name: string
  readonly state: 'live' | 'idle' | 'blind'
  readonly lagSeconds: number | null
}

export interface Verdict {
  /** null: no deploy is known. */
  readonly deploy: Deploy | null
  readonly state: 'early' | 'open' | 'final'
  readonly sources: readonly VerdictSource[]
  readonly items: readonly VerdictItem[]
}
