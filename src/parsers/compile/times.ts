/** Times that differ from the last one in their digits of the clock only, read without reading.
 *  A log's lines share a minute, or a day, so that comparing bytes is nearly always enough. What is
 *  remembered comes from time.ts, and only where its layout makes the clock's digits count linearly. */
import { timeReader, type TimeReader } from '../time.ts'

/** Bytes of a time that can be remembered; longer ones are read each time. */
export const rememberedMax = 48

/** What is known of the last time that was read. */
export interface Remembered {
  /** Bytes of the whole text, the same in all others that this tells of. */
  readonly bytes: Uint8Array
  /** 1 where a byte must be the same. */
  readonly same: Uint8Array
  /** Where two digits each stand; -1 where a minute, or hour, must be the same. */
  readonly hourAt: number
  readonly minuteAt: number
  readonly secondAt: number
  /** Where the digits of a fraction stand, and how many: none or at least 3. */
  readonly fractionAt: number
  readonly fractionDigits: number
  /** ms since the epoch when all digits named above are 0. */
  readonly base: number
}

/** Reads the times of one parser in one zone, and says what may be remembered of the last. */
export class Times {
  readonly #formats: readonly string[]
  readonly #readers: readonly TimeReader[]

  constructor(formats: readonly string[]) {
    this.#formats = formats
    this.#readers = formats.map((format) => timeReader([format]))
  }

  /** @returns ms since the epoch; NaN for no time. */
  read(bytes: Buffer, start: number, end: number, zone: string): number {
    return this.#readBy(bytes, start, end, zone).time
  }

  #readBy(bytes: Buffer, start: number, end: number, zone: string): { time: number; by: number } {
    for (const [by, read] of this.#readers.entries()) {
      const time = read(bytes, start, end, zone)
      if (!Number.isNaN(time)) return { time, by }
    }
    return { time: NaN, by: -1 }
  }

  /** Reads a time with what its neighbours share; null when nothing may be remembered of it. */
  learn(bytes: Buffer, start: number, end: number, zone: string): [number, Remembered | null] {
    const { time, by } = this.#readBy(bytes, start, end, zone)
    const format = this.#formats[by]
    if (format === undefined || end - start > rememberedMax) return [time, null]
    // An earlier format must refuse the neighbours as it has refused this one: for its part after
    // the seconds, which they share.
    const head = headOf(format)
    if (this.#formats.slice(0, by).some((earlier) => headOf(earlier) !== head)) return [time, null]
    const text = bytes.toString('latin1', start, end)
    return [time, remember(text, time, format, zone)]
  }
}

/** A format up to its seconds. */
function headOf(format: string): string {
  const at = format.indexOf('%S')
  return at < 0 ? format : format.slice(0, at)
}

/** Text of each directive, as time.ts takes it. */
const widths: Readonly<Record<string, RegExp>> = {
  '%a': /[^]{3}/y,
  '%b': /[^]{3}/y,
  '%d': / ?\d{1,2}/y,
  '%f': /\d{1,9}/y,
  '%H': /\d\d/y,
  '%m': /\d\d/y,
  '%M': /\d\d/y,
  '%S': /\d\d/y,
  '%Y': /\d{4}/y,
  '%z': /[^]*/y,
  '%Z': /[^]*/y,
  '%%': /%/y,
}

const rfc3339 = /^\d{4}-\d\d-[ \d]?\d{1,2}[Tt ](?=(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?)/

function remember(text: string, time: number, format: string, zone: string): Remembered | null {
  if (format === 'epoch') return null
  const places = format === 'rfc3339' ? placesOfRfc3339(text) : placesOf(text, format)
  if (places === null || (places.fractionDigits > 0 && places.fractionDigits < 3)) return null
  const { hourAt, minuteAt, secondAt, fractionAt, fractionDigits } = places
  const two = (at: number): number => Number(text.slice(at, at + 2))
  // Where clocks are moved a minute is the most that is certain.
  const fixed = isFixed(text.slice(places.zoneAt), zone)
  const same = new Uint8Array(text.length).fill(1)
  same.fill(0, secondAt, secondAt + 2).fill(0, fractionAt, fractionAt + fractionDigits)
  if (fixed) same.fill(0, hourAt, hourAt + 2).fill(0, minuteAt, minuteAt + 2)
  const ms = fractionDigits === 0 ? 0 : Number(text.slice(fractionAt, fractionAt + 3))
  const clock = fixed ? (two(hourAt) * 60 + two(minuteAt)) * 60_000 : 0
  return {
    bytes: Buffer.from(text, 'latin1'),
    same,
    hourAt: fixed ? hourAt : -1,
    minuteAt: fixed ? minuteAt : -1,
    secondAt,
    fractionAt,
    fractionDigits,
    base: time - clock - two(secondAt) * 1_000 - ms,
  }
}

interface Places {
  hourAt: number
  minuteAt: number
  secondAt: number
  fractionAt: number
  fractionDigits: number
  /** Where an offset or zone stands; the end of the text when there is none. */
  zoneAt: number
}

function placesOf(text: string, format: string): Places | null {
  const places = { hourAt: -1, minuteAt: -1, secondAt: -1, fractionAt: 0, fractionDigits: 0 }
  let zoneAt = text.length
  let at = 0
  for (const part of format.match(/%.|[^%]+/gs) ?? []) {
    const width = widths[part]
    if (width === undefined) {
      at += Buffer.byteLength(part)
      continue
    }
    width.lastIndex = at
    const taken = width.exec(text)?.[0].length
    if (taken === undefined) return null
    if (part === '%H') places.hourAt = places.hourAt < 0 ? at : NaN
    if (part === '%M') places.minuteAt = places.minuteAt < 0 ? at : NaN
    if (part === '%S') places.secondAt = places.secondAt < 0 ? at : NaN
    if (part === '%f') {
      if (places.fractionDigits > 0) return null
      places.fractionAt = at
      places.fractionDigits = taken
    }
    if (part === '%z' || part === '%Z') {
      // Only as the last part is its length known.
      if (zoneAt !== text.length || !format.endsWith(part)) return null
      zoneAt = at
    }
    at += taken
  }
  // A directive that stands twice is read twice, of which the last counts.
  const once = [places.hourAt, places.minuteAt, places.secondAt].every((place) => place >= 0)
  return once && at === text.length ? { ...places, zoneAt } : null
}

function placesOfRfc3339(text: string): Places | null {
  const match = rfc3339.exec(text)
  if (match === null) return null
  const hourAt = match[0].length
  const digits = match[4]?.length ?? 0
  const after = hourAt + 8 + (digits === 0 ? 0 : digits + 1)
  return {
    hourAt,
    minuteAt: hourAt + 3,
    secondAt: hourAt + 6,
    fractionAt: digits === 0 ? 0 : hourAt + 9,
    fractionDigits: digits,
    zoneAt: text[after] === ' ' ? after + 1 : after,
  }
}

/** True when the time is ahead of UTC by the same at any hour of the day. */
function isFixed(named: string, zone: string): boolean {
  return /^(?:[Zz]|[+-]\d\d(?::?\d\d)?)$/.test(named) || (named === '' ? zone : named) === 'UTC'
}

/** The memory of the generated JavaScript: the last time of one zone. */
export class RecentTime {
  readonly #times: Times
  #zone = ''
  #last: Remembered | null = null

  constructor(times: Times) {
    this.#times = times
  }

  /** The zone of times that name none, from now on. */
  inZone(zone: string): void {
    if (zone !== this.#zone) this.#last = null
    this.#zone = zone
  }

  read(bytes: Buffer, start: number, end: number): number {
    const last = this.#last
    if (last !== null) {
      const time = fromLast(last, bytes, start, end)
      if (time >= 0 || time < 0) return time
    }
    const [time, learnt] = this.#times.learn(bytes, start, end, this.#zone)
    if (learnt !== null) this.#last = learnt
    return time
  }
}

/** NaN when the time is not of the same kind. */
function fromLast(last: Remembered, bytes: Uint8Array, start: number, end: number): number {
  const { length } = last.bytes
  if (end - start !== length) return NaN
  for (let at = 0; at < length; at++) {
    if (last.same[at] === 1 && bytes[start + at] !== last.bytes[at]) return NaN
  }
  const second = twoDigits(bytes, start + last.secondAt, 59)
  let time = last.base + second * 1_000
  if (last.hourAt >= 0) {
    const hour = twoDigits(bytes, start + last.hourAt, 23)
    time += (hour * 60 + twoDigits(bytes, start + last.minuteAt, 59)) * 60_000
  }
  if (last.fractionDigits === 0) return time
  let ms = 0
  for (let digit = 0; digit < last.fractionDigits; digit++) {
    const value = (bytes[start + last.fractionAt + digit] ?? 0) - 48
    if (value < 0 || value > 9) return NaN
    if (digit < 3) ms = ms * 10 + value
  }
  return time + ms
}

function twoDigits(bytes: Uint8Array, at: number, max: number): number {
  const tens = (bytes[at] ?? 0) - 48
  const ones = (bytes[at + 1] ?? 0) - 48
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return NaN
  const value = tens * 10 + ones
  return value > max ? NaN : value
}
