/** Many queries at once give each the rows that its predicate in match.ts takes one by one. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  ConstantColumn,
  SpanColumn,
  ValueColumn,
  type Column,
  type Columns,
} from '../../src/model/columns.ts'
import { bindQuery } from '../../src/query/match.ts'
import { MatchSet } from '../../src/query/match-set.ts'
import { parseQuery, type Query } from '../../src/query/query.ts'
import { shippedParser } from '../parsers/shipped.ts'

/** A row: its line, and the values of its fields. */
interface Row {
  readonly line: Buffer
  readonly fields: Readonly<Record<string, Buffer | string | number | null>>
}

type Layout = 'spans' | 'numbers' | 'values' | 'constant' | 'absent'
const fields = ['path', 'agent', 'level', 'status', 'message'] as const

/** Columns that hold rows in the given way, the values of spans one after another in one buffer. */
function columnsOf(rows: readonly Row[], layout: Readonly<Record<string, Layout>>): Columns {
  const parts: Buffer[] = []
  let length = 0
  const place = (bytes: Buffer): [number, number] => {
    parts.push(bytes, Buffer.from('\n'))
    length += bytes.length + 1
    return [length - bytes.length - 1, length - 1]
  }
  const lines = rows.map(({ line }) => place(line))
  const spans = new Map<string, (readonly [number, number] | null)[]>()
  for (const name of fields) {
    spans.set(name, rows.map((row) => {
      const value = row.fields[name] ?? null
      return value === null ? null : place(Buffer.from(typeof value === 'number' ? String(value) : value))
    })) // prettier-ignore
  }
  const bytes = Buffer.concat(parts)
  const made = new Map<string, Column>()
  for (const name of fields) {
    const column = columnOf(layout[name] ?? 'absent', bytes, spans.get(name)!, rows, name)
    if (column !== null) made.set(name, column)
  }
  return {
    bytes,
    rows: rows.length,
    kind: new Uint8Array(rows.length),
    lineStart: Int32Array.from(lines, ([start]) => start),
    lineEnd: Int32Array.from(lines, ([, end]) => end),
    time: Float64Array.from(rows.keys(), (row) => Date.UTC(2026, 10, 23) + row * 1_000),
    fields: made,
    unparsed: () => ({ reason: '', column: 1 }),
  }
}

function columnOf(
  layout: Layout,
  bytes: Buffer,
  places: readonly (readonly [number, number] | null)[],
  rows: readonly Row[],
  name: string,
): Column | null {
  if (layout === 'absent') return null
  if (layout === 'constant') return new ConstantColumn(String(rows[0]?.fields[name] ?? 'none'))
  if (layout === 'values') {
    const column = new ValueColumn(rows.length)
    for (const [row, { fields }] of rows.entries()) {
      const value = fields[name] ?? null
      column.values[row] = Buffer.isBuffer(value) ? value.toString() : value
    }
    return column
  }
  const column = SpanColumn.empty(bytes, rows.length, layout === 'numbers')
  for (const [row, place] of places.entries()) {
    if (place === null) continue
    ;[column.start[row], column.end[row]] = place
    const number = Number(column.text(row))
    if (column.numbers !== null && column.text(row) !== '') column.numbers[row] = number
  }
  return column
}

const invalid = fc.constantFrom([0x2f, 0xff, 0x61, 0xc3], [0xff], [0x61, 0xff, 0x2f]).map((bytes) => Buffer.from(bytes)) // prettier-ignore
const value = fc.oneof(
  fc.constantFrom(
    '', '/', '/a', '/api/v1/users', '/api/v1/users/42', '/wp-login.php', 'GET /wp-login.php x',
    'error', 'crit', '404', '500', '503.5', '-1', 'Infinity', 'a*b', 'a?b', 'a\\b', 'curl/8.1',
    'Out of memory', 'OUT  OF\u00a0memory', 'out of', 'out of\u00a0 memory', 'Temp 3\u212Aelvin', '\u0130stanbul', 'ΟΔΟΣ',
    'GRÖSSE', 'größe x', 'boom', 'kaBOOM', 'BOOM', 'e\u0301boom', '😀 boom', '\ufffd', '\ud800x',
  ),
  fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', '/', '.', ' ', 'K', 'é', '1') }),
) // prettier-ignore
const bytesValue = fc.oneof({ weight: 9, arbitrary: value.map((text) => Buffer.from(text)) }, { weight: 1, arbitrary: invalid }) // prettier-ignore
const number = fc.constantFrom(200, 404, 500, 503, -1, 2.5, 1e9)
const row: fc.Arbitrary<Row> = fc.record({
  line: bytesValue,
  fields: fc.record(
    {
      path: fc.option(bytesValue),
      agent: fc.option(value),
      level: fc.option(fc.constantFrom('error', 'crit', 'info')),
      status: fc.option(number),
      message: fc.option(bytesValue),
    },
    { requiredKeys: [] },
  ),
})
const layouts: fc.Arbitrary<Record<string, Layout>> = fc.record({
  path: fc.constantFrom('spans', 'values', 'constant', 'absent'),
  agent: fc.constantFrom('spans', 'values'),
  level: fc.constantFrom('spans', 'values', 'constant'),
  status: fc.constantFrom('spans', 'numbers', 'values'),
  message: fc.constantFrom('spans', 'values', 'constant', 'absent', 'absent'),
})

const field = fc.constantFrom('path', 'agent', 'level', 'status', 'nosuch', 'message')
const patternPart = fc.constantFrom('*', '?', '/', 'a', 'b', '/api/v1', 'users', '.php', '\\*', '\\\\', 'é', '1', 'wp-login', '\ufffd', '*\ufffd*', '4') // prettier-ignore
const pattern = fc
  .array(patternPart, { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''))
  .filter((text) => /[*?]/.test(text))
const word = fc.constantFrom('boom', 'out', 'of', 'memory', 'wp', 'login', 'php', 'k', '3kelvin', 'i', 'stanbul', 'größe', 'grösse', 'οδος', 'οδοσ', 'b*m', '?oom', '*', 'e', '404', 'api', 'v1') // prettier-ignore
const end = fc.record({
  value: fc.constantFrom('0', '200', '404', '500', '503.5', '-1', '1e999', '2.5', 'x', '/b'),
  inclusive: fc.boolean(),
})
const leaf: fc.Arbitrary<Query> = fc.oneof(
  fc.constant<Query>({ kind: 'all' }),
  fc.record({ kind: fc.constant('exists' as const), field }),
  fc.record({ kind: fc.constant('is' as const), field, value }),
  fc.record({ kind: fc.constant('like' as const), field, pattern }),
  fc.tuple(field, fc.option(end), end, fc.boolean()).map(([name, other, given, swap]): Query => ({ kind: 'range', field: name, low: swap ? other : given, high: swap ? given : other })), // prettier-ignore
  fc.array(word, { minLength: 1, maxLength: 3 }).map((words): Query => ({ kind: 'words', words })),
  fc.constantFrom(...['time:>=2026-11-23T00:00:03Z', 'status:[500 TO 599]', 'status:404'].map(parseQuery)), // prettier-ignore
)
const { tree } = fc.letrec<{ tree: Query }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), parts: fc.array(tie('tree'), { maxLength: 3 }) }), // prettier-ignore
    fc.record({ kind: fc.constant('not' as const), part: tie('tree') }),
  ),
}))

/** By query its rows, from the set and one by one. */
function both(set: MatchSet, queries: readonly Query[], columns: Columns, rows: Int32Array) {
  const some = set.match(columns, rows)
  const together = queries.map((_, n) => (some.includes(n) ? [...set.rowsOf(n)] : []))
  const apart = queries.map((query) => {
    const matches = bindQuery(query, columns)
    return [...rows].filter((each) => matches(each))
  })
  return { together, apart }
}

test('each query gets the rows that its predicate takes, batch after batch', () => {
  const batch = fc.tuple(fc.array(row, { maxLength: 12 }), layouts)
  fc.assert(
    fc.property(
      fc.array(tree, { minLength: 1, maxLength: 20 }),
      fc.array(batch, { minLength: 1, maxLength: 3 }),
      fc.nat(5),
      (queries, batches, skipped) => {
        const set = new MatchSet(queries)
        for (const [rows, layout] of batches) {
          const columns = columnsOf(rows, layout)
          const asked = Int32Array.from(rows.keys()).filter((each) => each !== skipped)
          const { together, apart } = both(set, queries, columns, asked)
          expect(together).toEqual(apart)
        }
      },
    ),
    { numRuns: 1_500 },
  )
})

test('equal batches one after another give equal rows, since what is kept of values is right', () => {
  const queries = ['path:/a*', 'path:*b', 'path:/a', 'path:(/a OR *b)', 'NOT path:/a*'].map(
    parseQuery,
  )
  const rows = ['/a', '/ab', 'b', '', '/a', 'x'].map((path) => ({
    line: Buffer.from(path),
    fields: { path },
  }))
  const columns = columnsOf(rows, { path: 'spans' })
  const set = new MatchSet(queries)
  for (let n = 0; n < 3; n++) {
    const { together, apart } = both(set, queries, columns, Int32Array.from(rows.keys()))
    expect(together).toEqual([
      [0, 1, 4],
      [1, 2],
      [0, 4],
      [0, 1, 2, 4],
      [2, 3, 5],
    ])
    expect(apart).toEqual(together)
  }
})

describe('words', () => {
  const found = (words: string, line: string): number[] => {
    const columns = columnsOf([{ line: Buffer.from(line), fields: {} }], {})
    const queries = [parseQuery(words)]
    const { together, apart } = both(new MatchSet(queries), queries, columns, Int32Array.of(0))
    expect(together).toEqual(apart)
    return together[0]!
  }

  it.each([
    ['"out of memory"', 'Out of-memory!', 'any sign parts words'],
    ['"out memory"', 'out\u00a0 memory', 'so do signs beyond ASCII'],
    ['"out of memory"', 'out of out of memory', 'a first place may be the wrong one'],
    ['kelvin', '3 \u212Aelvin', 'the Kelvin sign is a k'],
    ['i', '\u0130', 'the dotted capital I is an i and a dot'],
    ['größe', 'GRÖSSE, GRÖßE', 'letters beyond ASCII fold'],
    ['out*f', 'outoff', 'wildcards stay inside a word'],
  ])('%s stands in %j: %s', (words, line) => {
    expect(found(words, line)).toEqual([0])
  })

  it.each([
    ['"out of memory"', 'out offmemory', 'a word ends where it ends'],
    ['boom', 'éboom', 'a letter beyond ASCII is a letter'],
    ['boom', 'boom1', 'a digit is part of a word'],
    ['"out of memory"', 'of memory', 'a word is missing'],
    ['"of memory"', 'of é memory', 'another word stands between'],
  ])('%s does not stand in %j: %s', (words, line) => {
    expect(found(words, line)).toEqual([])
  })

  it('fold to ASCII from two letters beyond it and no others', () => {
    const letters = Array.from({ length: 0x110000 }, (_, code) => code)
      .filter((code) => code >= 0x80 && (code < 0xd800 || code > 0xdfff))
      .filter((code) => /[\x00-\x7f]/.test(String.fromCodePoint(code).toLowerCase()))
    expect(letters).toEqual([0x130, 0x212a])
  })
})

describe('numbers', () => {
  it('lie in the ranges whose ends they are, where these belong to them', () => {
    const texts = ['status:[500 TO 599]', 'status:{500 TO 599}', 'status:>=500', 'status:<500', 'status:>599'] // prettier-ignore
    const queries = texts.map(parseQuery)
    const values = [499, 500, 500.5, 599, 600, 1e6, null]
    const rows = values.map((status) => ({ line: Buffer.alloc(0), fields: { status } }))
    for (const status of ['numbers', 'values'] as const) {
      const columns = columnsOf(rows, { status })
      const { together } = both(
        new MatchSet(queries),
        queries,
        columns,
        Int32Array.from(rows.keys()),
      )
      expect(together).toEqual([[1, 2, 3], [2], [1, 2, 3, 4, 5], [0], [4, 5]])
    }
  })

  it('are looked for one by one where there are too many ranges', () => {
    const queries = Array.from({ length: 1_100 }, (_, n) => parseQuery(`status:>${n}`))
    const rows = [{ line: Buffer.alloc(0), fields: { status: 1_050 } }]
    const columns = columnsOf(rows, { status: 'numbers' })
    const { together } = both(new MatchSet(queries), queries, columns, Int32Array.of(0))
    expect(together.filter((each) => each.length > 0)).toHaveLength(1_050)
  })
})

test('invalid bytes are U+FFFD, as everywhere', () => {
  const queries = ['path:*\ufffd*', 'path:\ufffda*', 'path:\ufffda', 'path:*a'].map(parseQuery)
  const rows = [{ line: Buffer.alloc(0), fields: { path: Buffer.from([0xff, 0x61]) } }]
  const columns = columnsOf(rows, { path: 'spans' })
  const { together, apart } = both(new MatchSet(queries), queries, columns, Int32Array.of(0))
  expect(together).toEqual([[0], [0], [0], [0]])
  expect(apart).toEqual(together)
})

test('a thousand queries over an access log give each what it gives alone', () => {
  const line = (n: number) =>
    `10.0.0.${n % 9} - - [23/Nov/2026:14:02:${String(n % 60).padStart(2, '0')} +0000] "GET /shop/${n % 97}/item-${n % 13}.php HTTP/1.1" ${[200, 404, 500, 503][n % 4]} ${n * 11} "-" "bot-${n % 31}/8.${n % 3}"`
  const log = Buffer.from(Array.from({ length: 300 }, (_, n) => `${line(n)}\n`).join(''))
  const columns = shippedParser('apache_combined').parse(log, { zone: 'UTC', open: false })
  const queries = Array.from({ length: 1_000 }, (_, n) =>
    parseQuery(
      [
        `path:/shop/${n % 100}/* AND status:>=500`,
        `path:*item-${n % 20}.php`,
        `path:/shop/${n % 97}/item-${n % 13}.php`,
        `agent:bot-${n % 40}* OR client:10.0.0.${n % 12}`,
        `"shop ${n % 97} item" AND NOT status:200`,
        `bytes:[${n * 3} TO ${n * 4}]`,
        `path:*/${n % 90}/*-?.php`,
      ][n % 7]!,
    ),
  )
  const { together, apart } = both(new MatchSet(queries), queries, columns, Int32Array.from({ length: 300 }, (_, row) => row)) // prettier-ignore
  expect(together).toEqual(apart)
  expect(together.filter((rows) => rows.length > 0).length).toBeGreaterThan(500)
})
