/** Times in log lines → ms since the epoch, straight from bytes and without an object a line.
 *  A format is a strptime-like text, or one of the names `rfc3339` and `epoch`. */
import { toMoment, type DateParts } from './calendar.ts'
import { isZone } from './zone.ts'

/**
 * Reads the time that fills bytes [start, end).
 * @param zone IANA zone of a time that names none.
 * @returns ms since the epoch; NaN when the bytes are no such time or it does not exist.
 */
export type TimeReader = (bytes: Buffer, start: number, end: number, zone: string) => number

/** What a format may hold besides literal text. */
const directives: Readonly<Record<string, string>> = {
  '%a': 'weekday, Sun to Sat (read, not checked)',
  '%b': 'month, Jan to Dec',
  '%d': 'day of the month, one or two digits, or a space and one',
  '%f': 'fraction of the second, 1 to 9 digits',
  '%H': 'hour, 00 to 23',
  '%m': 'month, 01 to 12',
  '%M': 'minute',
  '%S': 'second',
  '%Y': 'year, four digits',
  '%z': 'offset such as +0100, +01:00 or Z',
  '%Z': 'to the end: an IANA zone such as Europe/Berlin, or an offset',
  '%%': 'a percent sign',
}

/** Why a format cannot be used; null when it can. */
export function timeFormatFault(format: string): string | null {
  if (format === 'rfc3339' || format === 'epoch') return null
  const used: string[] = format.match(/%.?/gs) ?? []
  const unknown = used.find((directive) => !Object.hasOwn(directives, directive))
  if (unknown !== undefined) {
    return `unknown "${unknown}"; known are ${Object.keys(directives).join(' ')}`
  }
  const missing = ['%Y', '%d', '%H', '%M', '%S'].filter((directive) => !used.includes(directive))
  if (!used.includes('%b') && !used.includes('%m')) missing.push('%m or %b')
  return missing.length === 0 ? null : `lacks ${missing.join(', ')}`
}

/** A reader that tries formats in order. Formats must be free of faults. */
export function timeReader(formats: readonly string[]): TimeReader {
  const readers = formats.map(oneReader)
  const [only] = readers
  if (only !== undefined && readers.length === 1) return only
  return (bytes, start, end, zone) => {
    for (const read of readers) {
      const time = read(bytes, start, end, zone)
      if (!Number.isNaN(time)) return time
    }
    return NaN
  }
}

function oneReader(format: string): TimeReader {
  if (format === 'epoch') return readEpoch
  return format === 'rfc3339' ? stepReader(rfc3339Steps) : stepReader(formatSteps(format))
}

/**
 * A number since the epoch: seconds, with a fraction if need be, or whole ms, µs or ns, told apart
 * by size, as seconds reach 10^11 only in the year 5138.
 */
export const readEpoch: TimeReader = (bytes, start, end) => {
  const text = bytes.toString('latin1', start, Math.min(end, start + 40))
  if (end - start > 32 || !/^\d+(?:\.\d+)?$/.test(text)) return NaN
  return epochOf(Number(text))
}

/** The same of a number itself, as it would be written. */
export function epochMs(value: number): number {
  // A number is written with an exponent where it is that small or large, and so is no time.
  return value === 0 || (value >= 1e-6 && value < 1e21) ? epochOf(value) : NaN
}

function epochOf(value: number): number {
  const ms = value < 1e11 ? value * 1e3 : value < 1e14 ? value : value / (value < 1e17 ? 1e3 : 1e6)
  return ms < 1e14 ? Math.floor(ms + 1e-4) : NaN
}

/** Where a reader stands in the bytes, with what it has read; one per reader, reused. */
interface Scan extends DateParts {
  bytes: Buffer
  at: number
  end: number
}

/** Reads one part of a format; false when it is not there. */
type Step = (scan: Scan) => boolean

function stepReader(steps: readonly Step[]): TimeReader {
  const clean = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, ms: 0 }
  const scan: Scan = { ...clean, offset: null, zone: null, bytes: Buffer.alloc(0), at: 0, end: 0 }
  return (bytes, start, end, zone) => {
    scan.bytes = bytes
    scan.at = start
    scan.end = end
    scan.ms = 0
    scan.offset = null
    scan.zone = null
    let found = true
    for (const step of steps) {
      if (!step(scan)) {
        found = false
        break
      }
    }
    // The reader outlives the batch; holding its bytes would keep megabytes alive.
    scan.bytes = noBytes
    return found && scan.at === end ? toMoment(scan, zone) : NaN
  }
}

const noBytes = Buffer.alloc(0)
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const steps: Readonly<Record<string, Step>> = {
  '%a': (scan) => name(scan, weekdays) >= 0,
  '%b': (scan) => (scan.month = name(scan, months) + 1) > 0,
  '%d': (scan) => {
    skip(scan, ' ')
    return (scan.day = digits(scan, 1, 2)) >= 0
  },
  '%f': fraction,
  '%H': (scan) => (scan.hour = digits(scan, 2, 2)) >= 0,
  '%m': (scan) => (scan.month = digits(scan, 2, 2)) >= 0,
  '%M': (scan) => (scan.minute = digits(scan, 2, 2)) >= 0,
  '%S': (scan) => (scan.second = digits(scan, 2, 2)) >= 0,
  '%Y': (scan) => (scan.year = digits(scan, 4, 4)) >= 0,
  '%z': offset,
  '%Z': (scan) => offset(scan) || zoneName(scan),
  '%%': literal('%'),
}

function formatSteps(format: string): Step[] {
  return (format.match(/%.|[^%]+/gs) ?? []).map((part) => steps[part] ?? literal(part))
}

/** RFC 3339 as people write it: T or a space between, comma or point before a fraction, and an
 *  offset, a zone or nothing at the end. */
const rfc3339Steps: readonly Step[] = [
  ...formatSteps('%Y-%m-%d'),
  (scan) => skip(scan, 'T') || skip(scan, 't') || skip(scan, ' '),
  ...formatSteps('%H:%M:%S'),
  (scan) => (skip(scan, '.') || skip(scan, ',') ? fraction(scan) : true),
  (scan) => {
    skip(scan, ' ')
    return scan.at === scan.end || offset(scan) || zoneName(scan)
  },
]

/** Steps over one ASCII character; false when another stands here. */
function skip(scan: Scan, character: string): boolean {
  if (scan.at >= scan.end || scan.bytes[scan.at] !== character.charCodeAt(0)) return false
  scan.at += 1
  return true
}

function literal(text: string): Step {
  const expected = Buffer.from(text)
  return (scan) => {
    if (scan.at + expected.length > scan.end) return false
    for (let i = 0; i < expected.length; i++) {
      if (scan.bytes[scan.at + i] !== expected[i]) return false
    }
    scan.at += expected.length
    return true
  }
}

/** The value of at least `min` and at most `max` digits; -1 when they are not there. */
function digits(scan: Scan, min: number, max: number): number {
  let value = 0
  let count = 0
  while (count < max && scan.at < scan.end) {
    const digit = (scan.bytes[scan.at] ?? 0) - 48
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
    scan.at += 1
    count += 1
  }
  return count < min ? -1 : value
}

function fraction(scan: Scan): boolean {
  const from = scan.at
  const value = digits(scan, 1, 9)
  scan.ms = Math.floor(value / 10 ** (scan.at - from - 3))
  return value >= 0
}

/** Index of the three-letter name that stands here; -1 when none does. */
function name(scan: Scan, names: readonly string[]): number {
  if (scan.at + 3 > scan.end) return -1
  const index = names.indexOf(scan.bytes.toString('latin1', scan.at, scan.at + 3))
  scan.at += 3
  return index
}

/** `Z`, `+01`, `+0100` or `+01:00`; leaves the scan where it was when none of them stands here. */
function offset(scan: Scan): boolean {
  const from = scan.at
  if ((skip(scan, 'Z') || skip(scan, 'z')) && scan.at === scan.end) {
    scan.offset = 0
    return true
  }
  scan.at = from
  const minus = skip(scan, '-')
  if (minus || skip(scan, '+')) {
    const hours = digits(scan, 2, 2)
    const minutes = scan.at === scan.end ? 0 : (skip(scan, ':'), digits(scan, 2, 2))
    if (hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59) {
      scan.offset = (hours * 60 + minutes) * (minus ? -60_000 : 60_000)
      return true
    }
  }
  scan.at = from
  return false
}

function zoneName(scan: Scan): boolean {
  // The longest IANA name has 32 letters; a longer text is none, and need not become a string.
  const length = scan.end - scan.at
  if (length === 0 || length > 64) return false
  const zone = scan.bytes.toString('latin1', scan.at, scan.end)
  scan.zone = zone
  scan.at = scan.end
  return isZone(zone)
}
