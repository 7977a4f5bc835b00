import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConstantColumn, SpanColumn, ValueColumn } from '../../src/model/columns.ts'
import type { Columns } from '../../src/model/columns.ts'
import { bindQuery, matchLabels } from '../../src/query/match.ts'
import { compilePattern } from '../../src/query/pattern.ts'
import { formatQuery, parseQuery } from '../../src/query/query.ts'
import type { Query } from '../../src/query/query.ts'
import { fieldName, queryTree } from './arbitraries.ts'

interface Row {
  readonly line?: string | Buffer
  readonly time?: number
  /** Lie in the bytes of the line, as access logs have them. */
  readonly spans?: Readonly<Record<string, string | Buffer>>
  /** Stand beside the line, as JSON logs have them. */
  readonly values?: Readonly<Record<string, string | number>>
}

/** Columns of hand-made rows; the spans of a row follow its line in the bytes. */
function columnsOf(rows: readonly Row[], constants: Readonly<Record<string, string>> = {}) {
  const pieces = rows.flatMap((row) => [row.line ?? '', ...Object.values(row.spans ?? {})])
  const bytes = Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)))
  const columns: Columns = {
    bytes,
    rows: rows.length,
    kind: new Uint8Array(rows.length),
    lineStart: new Int32Array(rows.length),
    lineEnd: new Int32Array(rows.length),
    time: Float64Array.from(rows, (row) => row.time ?? NaN),
    fields: new Map(),
    unparsed: () => ({ reason: '', column: 1 }),
  }
  let at = 0
  rows.forEach((row, i) => {
    columns.lineStart[i] = at
    at += Buffer.byteLength(row.line ?? '')
    columns.lineEnd[i] = at
    for (const [name, text] of Object.entries(row.spans ?? {})) {
      const column = columns.fields.get(name) ?? SpanColumn.empty(bytes, rows.length, false)
      columns.fields.set(name, column)
      if (!(column instanceof SpanColumn)) throw new Error(`${name} has two kinds`)
      column.start[i] = at
      at += Buffer.byteLength(text)
      column.end[i] = at
    }
    for (const [name, value] of Object.entries(row.values ?? {})) {
      const column = columns.fields.get(name) ?? new ValueColumn(rows.length)
      columns.fields.set(name, column)
      if (!(column instanceof ValueColumn)) throw new Error(`${name} has two kinds`)
      column.values[i] = value
    }
  })
  for (const [name, value] of Object.entries(constants)) {
    columns.fields.set(name, new ConstantColumn(value))
  }
  return columns
}

const noon = Date.UTC(2026, 10, 23, 12)
const event: Row = {
  line: '10.0.0.1 - "GET /a/b.php" 503 Upstream timed-out',
  time: noon,
  spans: { path: '/a/b.php', status: '503', agent: 'Mozilla/5.0 (X11)', user: '' },
  values: { level: 'error', duration_ms: 12.5, referer: 'naïve' },
}

describe('bindQuery', () => {
  test.each<[string, boolean]>([
    ['*', true],
    ['status:503', true],
    ['status:50', false],
    ['status:5034', false],
    ['status:5??', true],
    ['status:5?', false],
    ['status:[500 TO 599]', true],
    ['status:{503 TO 599]', false],
    ['status:[500 TO 503}', false],
    ['status:>=503', true],
    ['status:>503', false],
    ['status:<1000', true],
    ['status:<"600"', true],
    ['duration_ms:{12.4 TO 12.6}', true],
    ['agent:>1', false],
    ['path:[/a TO /b]', true],
    ['path:[/a TO /a/b.php]', true],
    ['path:[/a TO /a/b.php}', false],
    ['path:/a/*', true],
    ['path:*.php', true],
    ['path:/b*', false],
    ['path:b.php', false],
    ['path:/A/b.php', false],
    ['agent:"Mozilla/5.0 (X11)"', true],
    ['agent:Mozilla', false],
    ['referer:naïve', true],
    ['referer:na?ve', true],
    ['level:error', true],
    ['level:ERROR', false],
    ['user:*', true],
    ['user:""', true],
    ['nosuch:*', false],
    ['NOT nosuch:x', true],
    ['NOT nosuch:[1 TO 2]', true],
    ['nosuch:x OR status:503', true],
    ['service:web AND env:production', true],
    ['service:w*', true],
    ['NOT service:web', false],
    ['constructor:*', false],
    ['time:2026-11-23T12:00:00Z', true],
    ['time:2026-11-23T13:00:00+01:00', true],
    ['time:[2026-11-23T11:59:59.999Z TO 2026-11-23T12:00:00Z}', false],
    ['time:>=2026-11-23T12:00:00Z', true],
    ['time:*', true],
    ['upstream', true],
    ['UPSTREAM', true],
    ['up', false],
    ['up*', true],
    ['"upstream timed"', true],
    ['"upstream out"', false],
    ['timed-out', true],
    ['"timed out"', true],
    ['message:timed', true],
    ['message:*', false],
    ['tim?d-o*', true],
    ['php', true],
  ])('decides %s', (text, expected) => {
    const columns = columnsOf([event], { service: 'web', env: 'production' })
    expect(bindQuery(parseQuery(text), columns)(0)).toBe(expected)
  })

  test('looks at the message alone where a row has one, and at the line where it has none', () => {
    const columns = columnsOf([
      { line: 'boom in the line', values: { message: 'calm' } },
      { line: 'boom in the line' },
    ])
    const boom = bindQuery(parseQuery('boom'), columns)
    expect([boom(0), boom(1)]).toEqual([false, true])
    expect(bindQuery(parseQuery('calm'), columns)(0)).toBe(true)
  })

  test('tells rows without a value from rows with one', () => {
    const columns = columnsOf([{ spans: { user: 'ann' } }, {}])
    for (const [text, expected] of [
      ['user:*', [true, false]],
      ['user:ann', [true, false]],
      ['NOT user:ann', [false, true]],
      ['user:a*', [true, false]],
      ['user:>a', [true, false]],
      ['time:*', [false, false]],
      ['NOT time:>2026-01-01T00:00:00Z', [true, true]],
    ] as const) {
      const matches = bindQuery(parseQuery(text), columns)
      expect([matches(0), matches(1)], text).toEqual(expected)
    }
  })

  test('compares bytes that are no UTF-8 as U+FFFD', () => {
    const columns = columnsOf([{ spans: { agent: Buffer.from([0x61, 0xff]) } }])
    expect(bindQuery(parseQuery('agent:"a\uFFFD"'), columns)(0)).toBe(true)
    expect(bindQuery(parseQuery('agent:a?'), columns)(0)).toBe(true)
    expect(bindQuery(parseQuery('agent:a'), columns)(0)).toBe(false)
  })

  test('orders text by code point, not by UTF-16 unit', () => {
    const columns = columnsOf([{ values: { host: '😀' } }])
    expect(bindQuery(parseQuery('host:>\uFF00'), columns)(0)).toBe(true)
    expect(bindQuery(parseQuery('host:<\uFF00'), columns)(0)).toBe(false)
  })

  test('agrees with a plain evaluation of any tree on any row', () => {
    const value = fc.constantFrom('1', '-3', '7', 'x', 'a b', '/a/b*', '/', 'x/é', '', 'AND')
    const rowValues = fc.dictionary(fieldName, value, { maxKeys: 5 })
    const message = fc.array(fc.constantFrom('Boom', 'and', 'É1', 'bim', 'ax', '-', '+'))
    fc.assert(
      fc.property(queryTree, rowValues, message, (tree, values, parts) => {
        const text = parts.join(' ')
        const columns = columnsOf([{ values: { ...values, message: text } }])
        const expected = evaluate(tree, values, text)
        expect(bindQuery(tree, columns)(0), formatQuery(tree)).toBe(expected)
        expect(matchLabels(tree, { ...values, message: text })).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('binds NOT strongest, then AND, then OR, for any row of operators', () => {
    const operand = fc.record({ negated: fc.boolean(), field: fc.constantFrom('a', 'b', 'c') })
    const operator = fc.constantFrom('AND', 'OR', '')
    const more = fc.array(fc.tuple(operator, operand), { maxLength: 8 })
    const truth = fc.record({ a: fc.boolean(), b: fc.boolean(), c: fc.boolean() })
    fc.assert(
      fc.property(operand, more, truth, (first, rest, row) => {
        const write = (one: typeof first) => `${one.negated ? 'NOT ' : ''}${one.field}:true`
        const text = rest.reduce((left, [op, one]) => `${left} ${op} ${write(one)}`, write(first))
        const holds = (one: typeof first) => row[one.field as 'a'] !== one.negated
        const groups = rest.reduce(
          (left, [op, one]) => {
            if (op === 'OR') left.push([])
            left.at(-1)?.push(holds(one))
            return left
          },
          [[holds(first)]],
        )
        const labels = { a: String(row.a), b: String(row.b), c: String(row.c) }
        const expected = groups.some((group) => group.every(Boolean))
        expect(matchLabels(parseQuery(text), labels), text).toBe(expected)
      }),
    )
  })
})

describe('matchLabels', () => {
  test.each<[string, boolean]>([
    ['severity:page', true],
    ['severity:PAGE', false],
    ['service:(web OR api) AND NOT env:staging', true],
    ['sev*', false],
    ['checkout', true],
    ['"checkout page"', false],
    ['status:>=500', true],
    ['toString:*', false],
    ['__proto__:*', false],
    ['*', true],
  ])('decides %s', (text, expected) => {
    const labels = { severity: 'page', service: 'web', status: '503', path: '/checkout' }
    expect(matchLabels(parseQuery(text), labels)).toBe(expected)
  })
})

describe('compilePattern', () => {
  test.each<[string, string, boolean]>([
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['*a*', 'bab', true],
    ['*', '', true],
    ['?', '😀', true],
    ['??', '😀', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['*?b?*', 'xxbx', true],
    ['*?b', 'b', false],
  ])('matches %s against %s: %s', (pattern, value, expected) => {
    expect(compilePattern(pattern)(value)).toBe(expected)
  })

  test('agrees with the textbook recursion for any pattern and value', () => {
    const text = (letters: string) =>
      fc.array(fc.constantFrom(...letters), { maxLength: 8 }).map((list) => list.join(''))
    fc.assert(
      fc.property(text('ab*?'), text('ab'), (pattern, value) => {
        expect(compilePattern(pattern)(value)).toBe(like([...pattern], [...value]))
      }),
      { numRuns: 1_000 },
    )
  })

  test('ends soon on a pattern that makes a backtracking matcher run for ever', () => {
    const matches = compilePattern(`${'a*'.repeat(30)}b`)
    const matchesAny = compilePattern(`${'?*a'.repeat(30)}b`)
    expect(matches('a'.repeat(50_000))).toBe(false)
    expect(matchesAny('a'.repeat(50_000))).toBe(false)
  }, 2_000)
})

/** The oracle: the tree read as its definition says, with no binding and no folding of constants. */
function evaluate(query: Query, row: Readonly<Record<string, string>>, text: string): boolean {
  switch (query.kind) {
    case 'all':
      return true
    case 'and':
      return query.parts.every((part) => evaluate(part, row, text))
    case 'or':
      return query.parts.some((part) => evaluate(part, row, text))
    case 'not':
      return !evaluate(query.part, row, text)
    case 'words': {
      const list = text.toLowerCase().split(/[^a-zé0-9]+/)
      return list.some((_, at) =>
        query.words.every((word, i) => {
          const found = list[at + i]
          return found !== undefined && found !== '' && like([...word], [...found])
        }),
      )
    }
    case 'exists':
    case 'is':
    case 'like':
    case 'range':
      return evaluateField(query, row[query.field])
  }
}

function evaluateField(
  query: Extract<Query, { readonly field: string }>,
  value: string | undefined,
): boolean {
  if (value === undefined) return false
  if (query.kind === 'exists') return true
  if (query.kind === 'is') return value === query.value
  if (query.kind === 'like') return like(query.pattern.match(/\\.|./gsu) ?? [], [...value])
  if (!/^-?\d+$/.test(value)) return false
  const { low, high } = query
  const aboveLow = low === null || Number(value) > Number(low.value)
  const belowHigh = high === null || Number(value) < Number(high.value)
  const isLow = low !== null && low.inclusive && value === low.value
  const isHigh = high !== null && high.inclusive && value === high.value
  return (aboveLow || isLow) && (belowHigh || isHigh)
}

function like(pattern: readonly string[], value: readonly string[]): boolean {
  const [head, ...rest] = pattern
  if (head === undefined) return value.length === 0
  if (head === '*') return like(rest, value) || (value.length > 0 && like(pattern, value.slice(1)))
  if (value.length === 0) return false
  return (head === '?' || value[0] === head.replace(/^\\(?=.)/su, '')) && like(rest, value.slice(1))
}
