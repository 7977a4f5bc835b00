/** Captured bytes → columns, by the type of the field. Apart from the engine that captures, so that
 *  another engine fills the same columns. */
import assert from 'node:assert'
import { isIP } from 'node:net'
import { NumberColumn, SpanColumn, WordColumn, type Column } from '../model/columns.ts'
import { levels, type Level } from '../model/event.ts'
import { LevelWords } from './level-words.ts'
import { toLevel } from './levels.ts'
import { readDuration, readFloat, readInt } from './numbers.ts'
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

/** An empty column for a field of a declared type. */
export function fieldColumn(type: FieldType | 'level', bytes: Buffer, rows: number): Column {
  switch (type) {
    case 'text':
    case 'ip':
      return SpanColumn.empty(bytes, rows, false)
    case 'int':
    case 'float':
      return SpanColumn.empty(bytes, rows, true)
    case 'seconds':
    case 'microseconds':
      return NumberColumn.empty(rows)
    case 'level':
      return new WordColumn(levels, rows)
  }
}

/**
 * What fills a column of a type; `fieldColumn` says which kind of column.
 * @param words Words of the field `level` beyond the usual names.
 */
export function fieldWriter(
  type: FieldType | 'level',
  column: Column,
  bytes: Buffer,
  words: ReadonlyMap<string, Level>,
): FieldWriter {
  if (column instanceof SpanColumn) {
    const read = type === 'int' ? readInt : type === 'float' ? readFloat : type === 'ip' ? readIp : null // prettier-ignore
    return spanWriter(column, read)
  }
  if (column instanceof NumberColumn) {
    return durationWriter(column, bytes, type === 'seconds' ? 'seconds' : 'microseconds')
  }
  assert(column instanceof WordColumn, 'a column of a type that no field has')
  return levelWriter(column, bytes, words)
}

/** The level, as one of our eight; a word that is none of them counts as absent. */
function levelWriter(
  column: WordColumn,
  bytes: Buffer,
  words: ReadonlyMap<string, Level>,
): FieldWriter {
  const known = new LevelWords((word) => words.get(word) ?? toLevel(word))
  return {
    column,
    write: (row, start, end) => {
      column.codes[row] = known.code(bytes, start, end)
      return true
    },
    clear: (row) => void (column.codes[row] = 0),
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

/** @param read null: any text will do. */
function spanWriter(column: SpanColumn, read: ReadNumber | null): FieldWriter {
  return {
    column,
    write: (row, start, end) => {
      const value = read === null ? NaN : read(column.bytes, start, end)
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

function durationWriter(
  column: NumberColumn,
  bytes: Buffer,
  unit: 'seconds' | 'microseconds',
): FieldWriter {
  return {
    column,
    write: (row, start, end) => {
      const value = readDuration(bytes, start, end, unit)
      if (value === undefined) return false
      column.values[row] = value
      return true
    },
    clear: (row) => void (column.values[row] = NaN),
  }
}
