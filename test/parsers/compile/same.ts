/** Compares what two forms of a parser say of the same bytes, in plain values. */
import { SpanColumn, rowKind, type Column, type Columns } from '../../../src/model/columns.ts'

const names = ['event', 'continuation', 'unparsed']

/** Everything that a batch says, row by row, by positions. */
export function rowsOf(columns: Columns): unknown[] {
  return Array.from({ length: columns.rows }, (_, row) => ({
    kind: names[columns.kind[row] ?? -1],
    line: [columns.lineStart[row], columns.lineEnd[row]],
    time: columns.time[row],
    ...(columns.kind[row] === rowKind.event ? {} : { unparsed: true }),
    fields: Object.fromEntries(
      [...columns.fields].map(([name, column]) => [name, valueOf(column, row)]),
    ),
  }))
}

function valueOf(column: Column, row: number): unknown {
  if (!column.has(row)) {
    const stale = column instanceof SpanColumn && column.numbers !== null && column.number(row)
    return stale === false || stale === null ? null : `stale ${stale}`
  }
  if (!(column instanceof SpanColumn)) return column.value(row)
  return [column.start[row], column.end[row], column.numbers === null ? '' : column.number(row)]
}
