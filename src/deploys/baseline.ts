/** The stretches of time that a verdict compares: the baseline before a deploy and how long it is
 *  judged after it. What is counted in them is left to the callers. */

/** A baseline shorter than this is drawn from before the previous deploy as well, s. */
const baselineMinSeconds = 300
/** Older traffic is another time of the day, s. */
const baselineMaxSeconds = 3_600
/** A deploy is judged for so long; what breaks later is seldom its doing, s. */
export const judgedSeconds = 3_600

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
