/** Columns: what a parser gives for one batch. One row is one line; one column is one field.
 *  Nothing becomes a string until somebody asks for it by `text(row)`. */

/** What a row turned out to be. */
export const rowKind = { event: 0, continuation: 1, unparsed: 2 } as const

/** One field over all rows of a batch. */
export interface Column {
  /** The value as text, or null where the row has none. */
  text(row: number): string | null
  /** The value as a number, or null where there is none or it is no number. */
  number(row: number): number | null
  /** The value in its own type, or null where the row has none. */
  value(row: number): string | number | null
  /** True when the row has a value. Cheaper than `text`. */
  has(row: number): boolean
}

/** A field that lies verbatim in bytes: positions only. */
export class SpanColumn implements Column {
  readonly bytes: Buffer
  /** Byte positions in `bytes`; start -1 where the row has no value. */
  readonly start: Int32Array
  readonly end: Int32Array
  /** Parsed numbers, NaN where there is none; null for text fields. */
  readonly numbers: Float64Array | null

  constructor(bytes: Buffer, rows: number, numeric: boolean) {
    this.bytes = bytes
    this.start = new Int32Array(rows).fill(-1)
    this.end = new Int32Array(rows)
    this.numbers = numeric ? new Float64Array(rows).fill(NaN) : null
  }

  text(row: number): string | null {
    const start = this.start[row] ?? -1
    return start < 0 ? null : this.bytes.toString('utf8', start, this.end[row])
  }

  number(row: number): number | null {
    if (this.numbers !== null) {
      const value = this.numbers[row] ?? NaN
      return Number.isNaN(value) ? null : value
    }
    return toNumber(this.text(row))
  }

  value(row: number): string | number | null {
    return this.numbers === null ? this.text(row) : this.number(row)
  }

  has(row: number): boolean {
    return (this.start[row] ?? -1) >= 0
  }
}

/** A field whose values do not lie verbatim in the line: unescaped JSON, mapped levels. */
export class ValueColumn implements Column {
  readonly values: (string | number | null)[]

  constructor(rows: number) {
    this.values = new Array<string | number | null>(rows).fill(null)
  }

  text(row: number): string | null {
    const value = this.values[row] ?? null
    return value === null ? null : String(value)
  }

  number(row: number): number | null {
    const value = this.values[row] ?? null
    return typeof value === 'number' ? value : toNumber(value)
  }

  value(row: number): string | number | null {
    return this.values[row] ?? null
  }

  has(row: number): boolean {
    return (this.values[row] ?? null) !== null
  }
}

/** The same value in every row, such as a source's label. */
export class ConstantColumn implements Column {
  readonly constant: string

  constructor(constant: string) {
    this.constant = constant
  }

  text(): string {
    return this.constant
  }

  number(): number | null {
    return toNumber(this.constant)
  }

  value(): string {
    return this.constant
  }

  has(): boolean {
    return true
  }
}

/** Why a row is unparsed and where; column counts characters from 1. */
export interface Unparsed {
  readonly reason: string
  readonly column: number
}

/** All that a parser found in one batch. */
export interface Columns {
  readonly bytes: Buffer
  readonly rows: number
  /** rowKind per row. */
  readonly kind: Uint8Array
  /** Byte positions of each line, without its LF (and CR before it). */
  readonly lineStart: Int32Array
  readonly lineEnd: Int32Array
  /** Event time, ms since the epoch; NaN where the line gives none. */
  readonly time: Float64Array
  readonly fields: Map<string, Column>
  /** Why an unparsed row is one; computed when asked, since few are shown. */
  unparsed(row: number): Unparsed
}

/** Bytes of a line that count as its text. */
export const lineBytesMax = 8_000

/** The line of a row as text: UTF-8, U+FFFD for invalid bytes, cut to `maxBytes`. */
export function lineText(columns: Columns, row: number, maxBytes = lineBytesMax): string {
  const start = columns.lineStart[row] ?? 0
  const end = Math.min(columns.lineEnd[row] ?? 0, start + maxBytes)
  return columns.bytes.toString('utf8', start, end)
}

/** The number that a text stands for; null when it is none. */
export function toNumber(text: string | null): number | null {
  if (text === null || text === '') return null
  const value = Number(text)
  return Number.isNaN(value) ? null : value
}
