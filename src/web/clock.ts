/** The time as the daemon has it: the browser's clock, corrected by the Date header of answers.
 *  Ages and the live range would be wrong on a laptop whose clock is off. The page's only clock. */

// The header has whole seconds and the answer takes a while: a smaller difference says nothing.
const differenceMsMin = 3_000
let correctionMs = 0

/** ms since the epoch, daemon's clock. */
export function now(): number {
  return Date.now() + correctionMs
}

/** Takes in the Date header of an answer just received. */
export function learnTime(dateHeader: string | null): void {
  const difference = Date.parse(dateHeader ?? '') + 500 - Date.now()
  if (Number.isNaN(difference)) return
  correctionMs = Math.abs(difference) < differenceMsMin ? 0 : difference
}
