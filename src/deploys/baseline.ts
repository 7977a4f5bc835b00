/** The stretches of time that a verdict compares: the baseline before a deploy and what came after
 *  it. What is counted in them is left to the callers. */
import type { Deploy } from '../model/deploy.ts'
import type { DeployTracker } from './tracker.ts'

/** A baseline shorter than this is drawn from before the previous deploy as well, s. */
const baselineMinSeconds = 300
/** Older traffic is another time of the day, s. */
const baselineMaxSeconds = 3_600
/** A deploy is judged for so long; what breaks later is seldom its doing, s. */
export const judgedSeconds = 3_600

/** [from, to) in seconds since the epoch. */
export type Span = readonly [from: number, to: number]

/**
 * First second of the baseline of a deploy: the previous deploy's time in effect, but at least
 * five minutes and at most an hour, and nothing from before the first data.
 * @param start Start of the deploy, s.
 * @param previousStart Start of the deploy before it, s; null when there is none.
 * @param first First second with data in the scope.
 */
export function baselineFrom(start: number, previousStart: number | null, first: number): number {
  const wanted = Math.min(previousStart ?? -Infinity, start - baselineMinSeconds)
  return Math.min(start, Math.max(wanted, start - baselineMaxSeconds, first))
}

/**
 * Both stretches of a deploy. The one after ends where the next deploy of the scope took over, an
 * hour after the start, or now.
 * @param atMs Event time up to which is judged, ms.
 * @param first First second with data in the scope; Infinity when there is none.
 */
export function stretches(
  tracker: DeployTracker,
  deploy: Deploy,
  atMs: number,
  first: number,
): { readonly before: Span; readonly after: Span; readonly supersededAt: number | null } {
  const start = secondOf(deploy)
  const previous = tracker.before(deploy)
  const next = tracker.next(deploy)
  const end = Math.min(
    Math.floor(atMs / 1_000),
    start + judgedSeconds,
    next === null ? Infinity : secondOf(next),
  )
  return {
    before: [baselineFrom(start, previous && secondOf(previous), first), start],
    after: [start, Math.max(start, end)],
    supersededAt: next === null ? null : Date.parse(next.start),
  }
}

function secondOf(deploy: Deploy): number {
  return Math.floor(Date.parse(deploy.start) / 1_000)
}
