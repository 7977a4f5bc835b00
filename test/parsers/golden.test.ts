import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isoTime } from '../../src/flow/time.ts'
import { rowKind, type Columns } from '../../src/model/columns.ts'
import { rowFields } from '../../src/parsers/fields.ts'
import { shipped, shippedParser } from './shipped.ts'

const folder = new URL('../golden/', import.meta.url)
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

/** What `expected.ndjson` says of a row. */
function outcome(columns: Columns, row: number): unknown {
  if (columns.kind[row] === rowKind.continuation) return { continues: true }
  if (columns.kind[row] === rowKind.unparsed) {
    const { reason, column } = columns.unparsed(row)
    return { unparsed: reason, column }
  }
  const time = columns.time[row] ?? NaN
  return { time: Number.isNaN(time) ? null : isoTime(time), fields: rowFields(columns, row) }
}

test('each parser that ships has a golden file', () => {
  expect(names.sort()).toEqual([...shipped.keys()])
})

test.each(names)('%s gives what its golden file says', (name) => {
  const input = readFileSync(new URL(`${name}/input.log`, folder))
  const columns = shippedParser(name).parse(input, { zone: 'UTC', open: false })
  const lines = Array.from({ length: columns.rows }, (_, row) =>
    JSON.stringify(outcome(columns, row)),
  )
  const file = new URL(`${name}/expected.ndjson`, folder)
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, lines.join('\n') + '\n')
  expect(lines).toEqual(readFileSync(file, 'utf8').trimEnd().split('\n'))
})
