/** A date and time of day as a line gives it → ms since the epoch. Leaves reading to time.ts.
 *  Arithmetic instead of Date: no object a line, no local zone, and no 31 February made March. */
import { wallToUtc } from './zone.ts'

/** The parts that a reader fills; reused from line to line. */
export interface DateParts {
  year: number
  /** 1 to 12. */
  month: number
  day: number
  hour: number
  minute: number
  /** 60 is a leap second: the first moment of the next minute, as POSIX counts. */
  second: number
  /** Whole milliseconds; finer digits are dropped. */
  ms: number
  /** ms that the given time is ahead of UTC; null when the line does not say. */
  offset: number | null
  /** Zone named by the line itself; null when it names none. */
  zone: string | null
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * @param zone Zone of a time that says neither offset nor zone.
 * @returns ms since the epoch; NaN for a date or time of day that does not exist.
 */
export function toMoment(parts: DateParts, zone: string): number {
  const { year, month, day, hour, minute, second } = parts
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return NaN
  if (hour > 23 || minute > 59 || second > 60) return NaN
  const minutes = (daysFromEpoch(year, month, day) * 24 + hour) * 60 + minute
  const wall = (minutes * 60 + second) * 1_000 + parts.ms
  if (parts.offset !== null) return wall - parts.offset
  return wallToUtc(wall, parts.zone ?? zone)
}

function daysIn(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return (monthDays[month - 1] ?? 0) + (leap ? 1 : 0)
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar.
 *  Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil. */
function daysFromEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468
}
