/** Compares what two forms of a parser say of the same bytes, in plain values. */
import { SpanColumn, rowKind, type Column, type Columns } from '../../../src/model/columns.ts'

const names = ['event', 'continuation', 'unparsed']

/**
 * Everything that a batch says, row by row, by positions.
 * @param offset Added to all positions.
 */
export function rowsOf(columns: Columns, offset = 0): unknown[] {
  return Array.from({ length: columns.rows }, (_, row) => ({
    kind: names[columns.kind[row] ?? -1],
    line: [(columns.lineStart[row] ?? NaN) + offset, (columns.lineEnd[row] ?? NaN) + offset],
    time: columns.time[row],
    ...(columns.kind[row] === rowKind.event ? {} : { unparsed: true }),
    fields: Object.fromEntries(
      [...columns.fields].map(([name, column]) => [name, valueOf(column, row, offset)]),
    ),
  }))
}

function valueOf(column: Column, row: number, offset: number): unknown {
  if (!column.has(row)) {
    const stale = column instanceof SpanColumn && column.numbers !== null && column.number(row)
    return stale === false || stale === null ? null : `stale ${stale}`
  }
  if (!(column instanceof SpanColumn)) return column.value(row)
  const [start = NaN, end = NaN] = [column.start[row], column.end[row]]
  return [start + offset, end + offset, column.numbers === null ? '' : column.number(row)]
}
