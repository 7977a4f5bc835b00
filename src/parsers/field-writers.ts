/** Captured bytes → columns, by the type of the field. Apart from the engine that captures, so that
 *  another engine fills the same columns. */
import { isIP } from 'node:net'
import { SpanColumn, ValueColumn, type Column } from '../model/columns.ts'
import type { Level } from '../model/event.ts'
import { toLevel } from './levels.ts'
import { readFloat, readInt } from './numbers.ts'
import type { FieldType } from './schema.ts'
import type { TimeReader } from './time.ts'

/** Fills one column of one batch. */
export interface FieldWriter {
  /** null for the event time, which is no field. */
  readonly column: Column | null
  /** Takes bytes [start, end) as the value of a row; false when they are not of the type. */
  write(row: number, start: number, end: number): boolean
  /** Makes the value of a row absent again. */
  clear(row: number): void
}

/** A field of its declared type that lies verbatim in the line, or a duration. */
export function fieldWriter(type: FieldType, bytes: Buffer, rows: number): FieldWriter {
  switch (type) {
    case 'text':
      return spanWriter(new SpanColumn(bytes, rows, false), () => NaN)
    case 'int':
      return spanWriter(new SpanColumn(bytes, rows, true), readInt)
    case 'float':
      return spanWriter(new SpanColumn(bytes, rows, true), readFloat)
    case 'ip':
      return spanWriter(new SpanColumn(bytes, rows, false), readIp)
    case 'seconds':
      return durationWriter(bytes, rows, 1_000)
    case 'microseconds':
      return durationWriter(bytes, rows, 0.001)
  }
}

/** The level, as one of our eight; a word that is none of them counts as absent. */
export function levelWriter(
  words: ReadonlyMap<string, Level>,
  bytes: Buffer,
  rows: number,
): FieldWriter {
  const column = new ValueColumn(rows)
  return {
    column,
    write: (row, start, end) => {
      const word = bytes.toString('utf8', start, end)
      column.values[row] = words.get(word) ?? toLevel(word)
      return true
    },
    clear: (row) => void (column.values[row] = null),
  }
}

/** The event time of each row. */
export function timeWriter(
  read: TimeReader,
  zone: string,
  bytes: Buffer,
  times: Float64Array,
): FieldWriter {
  return {
    column: null,
    write: (row, start, end) => !Number.isNaN((times[row] = read(bytes, start, end, zone))),
    clear: (row) => void (times[row] = NaN),
  }
}

/** undefined: not of the type; NaN: of the type, but without a number. */
type ReadNumber = (bytes: Buffer, start: number, end: number) => number | undefined

function spanWriter(column: SpanColumn, read: ReadNumber): FieldWriter {
  return {
    column,
    write: (row, start, end) => {
      const value = read(column.bytes, start, end)
      if (value === undefined) return false
      column.start[row] = start
      column.end[row] = end
      if (column.numbers !== null) column.numbers[row] = value
      return true
    },
    clear: (row) => {
      column.start[row] = -1
      if (column.numbers !== null) column.numbers[row] = NaN
    },
  }
}

const readIp: ReadNumber = (bytes, start, end) =>
  end - start <= 64 && isIP(bytes.toString('latin1', start, end)) > 0 ? NaN : undefined

/** @param factor Milliseconds in one unit of the text. */
function durationWriter(bytes: Buffer, rows: number, factor: number): FieldWriter {
  const column = new ValueColumn(rows)
  return {
    column,
    write: (row, start, end) => {
      const value = readFloat(bytes, start, end)
      if (value === undefined || Number.isNaN(value)) return false
      // To the microsecond, so that 1.001 s is 1001 ms and not 1000.9999999999999.
      column.values[row] = Math.round(value * factor * 1_000) / 1_000
      return true
    },
    clear: (row) => void (column.values[row] = null),
  }
}
