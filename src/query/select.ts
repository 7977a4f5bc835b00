/** Tree → the rows that match, a column at a time: an AND looks at the rows that its parts so far
 *  have left, and comparisons run over the typed arrays of a column. What has no such form asks the
 *  predicate of match.ts row by row; both give the same rows. */
import { SpanColumn, type Columns } from '../model/columns.ts'
import { always, bindQuery, never } from './match.ts'
import { isNumber } from './tree.ts'
import type { Query } from './tree.ts'

const none = new Int32Array(0)

/**
 * The rows of a batch that match a query.
 * @param rows Rows to look at, ascending.
 * @returns Ascending; `rows` itself when all match.
 */
export function selectRows(query: Query, columns: Columns, rows: Int32Array): Int32Array {
  if (rows.length === 0) return rows
  if (query.kind === 'all') return rows
  if (query.kind === 'and') {
    return query.parts.reduce((left, part) => selectRows(part, columns, left), rows)
  }
  const column = 'field' in query && query.field !== 'time' ? columns.fields.get(query.field) : null
  if (column instanceof SpanColumn && query.kind === 'exists') {
    const { start } = column
    return keep(rows, (row) => start[row]! >= 0)
  }
  if (column instanceof SpanColumn && query.kind === 'range' && column.numbers !== null) {
    const { low, high } = query
    const numeric = [low, high].every((bound) => bound === null || isNumber(bound.value))
    if (numeric) return selectRange(query, column.numbers, rows)
  }
  return selectByPredicate(query, columns, rows)
}

function selectByPredicate(query: Query, columns: Columns, rows: Int32Array): Int32Array {
  const matches = bindQuery(query, columns)
  if (matches === always) return rows
  return matches === never ? none : keep(rows, matches)
}

function selectRange(
  { low, high }: Extract<Query, { kind: 'range' }>,
  numbers: Float64Array,
  rows: Int32Array,
): Int32Array {
  const from = low === null ? -Infinity : Number(low.value)
  const to = high === null ? Infinity : Number(high.value)
  const [withFrom, withTo] = [low?.inclusive ?? true, high?.inclusive ?? true]
  // NaN, a row without a number, is on neither side.
  return keep(rows, (row) => {
    const value = numbers[row]!
    return (withFrom ? value >= from : value > from) && (withTo ? value <= to : value < to)
  })
}

function keep(rows: Int32Array, matches: (row: number) => boolean): Int32Array {
  const kept = new Int32Array(rows.length)
  let count = 0
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    if (matches(row)) kept[count++] = row
  }
  return count === rows.length ? rows : kept.subarray(0, count)
}
