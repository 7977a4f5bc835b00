/** The fields of one row as a plain object, for output, samples and the event index. */
import {
  MixedColumn,
  NumberColumn,
  SpanColumn,
  ValueColumn,
  type Column,
  type Columns,
} from '../model/columns.ts'

/**
 * All fields that a row has; numbers where the parser declares them as numbers.
 * @returns An object without prototype, as names may come from the log.
 */
export function rowFields(columns: Columns, row: number): Record<string, string | number> {
  const fields = Object.create(null) as Record<string, string | number>
  for (const [name, column] of columns.fields) {
    const value = fieldValue(column, row)
    if (value !== null) fields[name] = value
  }
  return fields
}

function fieldValue(column: Column, row: number): string | number | null {
  if (column instanceof ValueColumn || column instanceof MixedColumn) return column.value(row)
  if (column instanceof NumberColumn) return column.number(row)
  if (column instanceof SpanColumn && column.numbers !== null) {
    return column.number(row) ?? column.text(row)
  }
  return column.text(row)
}
