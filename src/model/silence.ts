/** A silence: somebody mutes the alerts that a query picks, for a time. A muted alert keeps its
 *  state; only nobody is told. As commands, API and store share it. */

/** Times RFC 3339 UTC with ms, of the wall clock: a silence is about when people are told. */
export interface Silence {
  readonly id: string
  /** A query over labels, and over `rule`. */
  readonly query: string
  readonly startsAt: string
  readonly endsAt: string
  readonly by: string
  readonly comment: string
}

export type SilenceState = 'scheduled' | 'active' | 'ended'

/** What a silence is at a moment, ms since the epoch; its end belongs to `ended`. */
export function silenceState(silence: Silence, nowMs: number): SilenceState {
  if (nowMs >= Date.parse(silence.endsAt)) return 'ended'
  return nowMs < Date.parse(silence.startsAt) ? 'scheduled' : 'active'
}
