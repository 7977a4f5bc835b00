import { expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { phpEvents, phpLog } from '../../bench/php-lines.ts'
import { rowKind } from '../../src/model/columns.ts'
import { shippedParser } from '../parsers/shipped.ts'

const golden = new URL('../golden/php_error/', import.meta.url)

function goldenEvents() {
  const input = readFileSync(new URL('input.log', golden), 'latin1').split('\n')
  const expected = readFileSync(new URL('expected.ndjson', golden), 'utf8').trimEnd().split('\n')
  return phpEvents(
    input,
    expected.map((line) => JSON.parse(line) as { time?: string; continues?: boolean }),
  )
}

test('events take their traces along and leave out what fits no parser', () => {
  const input = ['lost', '[a] one', '#0', '#1', '', '#2', '[b] two']
  const expected = [
    ...[{}, { time: 'x' }, { continues: true }, { continues: true }],
    ...[{}, { continues: true }, { time: 'y' }],
  ]
  expect(phpEvents(input, expected)).toEqual([['[a] one', '#0', '#1'], ['[b] two']])
})

test('every line of a made log belongs to an event', () => {
  const text = [...phpLog(goldenEvents(), 10_000)].join('')
  const columns = shippedParser('php_error').parse(Buffer.from(text, 'latin1'), {
    zone: 'UTC',
    open: false,
  })
  const kinds = Array.from({ length: columns.rows }, (_, row) => columns.kind[row])
  expect(columns.rows).toBe(10_000)
  expect(kinds.filter((kind) => kind === rowKind.unparsed)).toEqual([])
  expect(kinds.filter((kind) => kind === rowKind.continuation).length).toBeGreaterThan(2_000)
  expect(columns.time[0]).toBe(Date.parse('2026-11-23T00:00:00Z'))
})

test('numbers differ from event to event, the words do not', () => {
  const events = [['[23-Nov-2026 14:02:11 UTC] PHP Warning:  order 4711 in /srv/a.php on line 12']]
  const [first = '', second = ''] = [...phpLog(events, 2)].join('').split('\n')
  const words = /^\[23-Nov-2026 00:00:00 UTC\] PHP Warning: {2}order \d{4} in \/srv\/a.php on line \d\d$/ // prettier-ignore
  expect(first).toMatch(words)
  expect(second).toMatch(words)
  expect(first).not.toBe(second)
})
