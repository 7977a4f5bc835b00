/** Puts the fields that came beside a line, such as the key of a message, next to those that the
 *  parser found in it. Where both have a value, the line's own is the truth of its writer. */
import { ConstantColumn, type Column, type Columns } from '../model/columns.ts'
import { cutField, type Batch } from '../model/event.ts'

/** Adds the fields to the columns of a batch, in place. */
export function addLineFields(columns: Columns, fields: ReadonlyMap<string, Column>): void {
  for (const [name, beside] of fields) {
    const own = columns.fields.get(name)
    columns.fields.set(name, own === undefined ? beside : firstOf(own, beside))
  }
}

/** Marks the lines that were cut at the limit. A batch that says nothing of its lines holds one line
 *  when that was cut. */
export function markCut({ skippedBytes, lines }: Batch, columns: Columns): void {
  if (skippedBytes === 0 || lines?.fields.has(cutField) === true) return
  addLineFields(columns, new Map([[cutField, new ConstantColumn('true')]]))
}

/** The value of the first column where it has one, else that of the second. */
function firstOf(own: Column, beside: Column): Column {
  const of = (row: number): Column => (own.has(row) ? own : beside)
  return {
    text: (row) => of(row).text(row),
    number: (row) => of(row).number(row),
    value: (row) => of(row).value(row),
    has: (row) => own.has(row) || beside.has(row),
  }
}
