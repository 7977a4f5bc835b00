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

  constructor(
    bytes: Buffer,
    spans: { start: Int32Array; end: Int32Array },
    numbers: Float64Array | null,
  ) {
    this.bytes = bytes
    this.start = spans.start
    this.end = spans.end
    this.numbers = numbers
  }

  /** A column in which no row has a value yet. */
  static empty(bytes: Buffer, rows: number, numeric: boolean): SpanColumn {
    const spans = { start: new Int32Array(rows).fill(-1), end: new Int32Array(rows) }
    return new SpanColumn(bytes, spans, numeric ? new Float64Array(rows).fill(NaN) : null)
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

/** A field that is a number but not the one in the line, such as a duration in another unit. */
export class NumberColumn implements Column {
  /** NaN where the row has no value. */
  readonly values: Float64Array

  constructor(values: Float64Array) {
    this.values = values
  }

  /** A column in which no row has a value yet. */
  static empty(rows: number): NumberColumn {
    return new NumberColumn(new Float64Array(rows).fill(NaN))
  }

  text(row: number): string | null {
    const value = this.number(row)
    return value === null ? null : String(value)
  }

  number(row: number): number | null {
    const value = this.values[row] ?? NaN
    return Number.isNaN(value) ? null : value
  }

  value(row: number): number | null {
    return this.number(row)
  }

  has(row: number): boolean {
    return this.number(row) !== null
  }
}

/** A field with few words to choose from, such as a level: one number a row. */
export class WordColumn implements Column {
  readonly words: readonly string[]
  /** Index in `words` plus one; 0 where the row has no value. */
  readonly codes: Uint8Array

  /** @param words At most 255. */
  constructor(words: readonly string[], rows: number) {
    this.words = words
    this.codes = new Uint8Array(rows)
  }

  text(row: number): string | null {
    return this.words[(this.codes[row] ?? 0) - 1] ?? null
  }

  number(row: number): number | null {
    return toNumber(this.text(row))
  }

  value(row: number): string | null {
    return this.text(row)
  }

  has(row: number): boolean {
    return (this.codes[row] ?? 0) > 0
  }
}

/** A field whose values do not lie verbatim in the line, such as unescaped JSON. */
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

/** A field with text in some rows and numbers in others, or with text that UTF-8 cannot say. */
export class MixedColumn implements Column {
  readonly #spans: SpanColumn
  readonly #odd: ReadonlyMap<number, string> | null

  /**
   * @param spans What has no number is text.
   * @param odd Rows whose text is not the one of their span.
   */
  constructor(spans: SpanColumn, odd: ReadonlyMap<number, string> | null) {
    this.#spans = spans
    this.#odd = odd
  }

  text(row: number): string | null {
    return this.#odd?.get(row) ?? this.#spans.text(row)
  }

  number(row: number): number | null {
    const number = this.#spans.numbers?.[row] ?? NaN
    return Number.isNaN(number) ? toNumber(this.text(row)) : number
  }

  value(row: number): string | number | null {
    const number = this.#spans.numbers?.[row] ?? NaN
    return Number.isNaN(number) ? this.text(row) : number
  }

  has(row: number): boolean {
    return this.#spans.has(row)
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

/** Memory that the columns of one batch after the other are put in; those of the batch before are gone
 *  then. For who is done with a batch before it parses the next one: fresh memory for each costs as
 *  much as a third of the parsing. */
export class ColumnRoom {
  #memory: ArrayBuffer

  constructor(memory = new ArrayBuffer(0)) {
    this.#memory = memory
  }

  /** At least so many bytes, with anything in them. */
  take(bytes: number): ArrayBuffer {
    if (this.#memory.byteLength < bytes) this.#memory = new ArrayBuffer(bytes * 2)
    return this.#memory
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
