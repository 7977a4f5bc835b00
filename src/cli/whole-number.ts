/** Options that are whole numbers: read in one place, so that each says what it takes. */
import { LastpushError } from '../model/errors.ts'

/** Reads the value of an option. The reader throws a LastpushError USAGE.
 *  @param option As it is typed, such as `--port`. */
export function wholeNumber(option: string, least: number, most: number) {
  return (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
    if (value >= least && value <= most) return value
    const given = JSON.stringify(text)
    throw new LastpushError('USAGE', `${option} takes a whole number from ${least} to ${most}, got ${given}`) // prettier-ignore
  }
}
