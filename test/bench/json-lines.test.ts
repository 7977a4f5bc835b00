import { expect, test } from 'vitest'
import { jsonLog } from '../../bench/json-lines.ts'
import { rowKind } from '../../src/model/columns.ts'
import { shippedParser } from '../parsers/shipped.ts'

test('every made line but the ones cut off has time, level and message', () => {
  const text = [...jsonLog(10_000)].join('')
  const columns = shippedParser('json').parse(Buffer.from(text), { zone: 'UTC', open: false })
  const rows = Array.from({ length: columns.rows }, (_, row) => row)
  const events = rows.filter((row) => columns.kind[row] === rowKind.event)
  expect(rows.length).toBe(10_000)
  expect(events.length).toBe(9_999)
  const without = events.filter(
    (row) =>
      Number.isNaN(columns.time[row]) ||
      columns.fields.get('level')?.text(row) === null ||
      columns.fields.get('message')?.text(row) === null,
  )
  expect(without).toEqual([])
  expect([...new Set(events.map((row) => columns.fields.get('level')?.text(row)))].sort()).toEqual([
    'debug',
    'error',
    'info',
    'warn',
  ])
})

test('the same number of lines is the same log', () => {
  expect([...jsonLog(500)]).toEqual([...jsonLog(500)])
})
