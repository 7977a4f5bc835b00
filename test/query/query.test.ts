import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LastpushError } from '../../src/model/errors.ts'
import { formatQuery, parseQuery, queryFields } from '../../src/query/query.ts'
import type { Query } from '../../src/query/query.ts'
import { queryTree } from './arbitraries.ts'

const is = (field: string, value: string): Query => ({ kind: 'is', field, value })
const words = (...list: string[]): Query => ({ kind: 'words', words: list })

describe('parseQuery', () => {
  test.each<[string, Query]>([
    ['*', { kind: 'all' }],
    ['*:*', { kind: 'all' }],
    ['status:500', is('status', '500')],
    ['status: 500', is('status', '500')],
    ['vhost:www.example.com', is('vhost', 'www.example.com')],
    ['path:/a/b', is('path', '/a/b')],
    ['path:/a/', is('path', '/a/')],
    ['path:/a/b*', { kind: 'like', field: 'path', pattern: '/a/b*' }],
    ['path:/?.php', { kind: 'like', field: 'path', pattern: '/?.php' }],
    ['path:/a\\*b', is('path', '/a*b')],
    ['path:/a\\*b*', { kind: 'like', field: 'path', pattern: '/a\\*b*' }],
    ['path:/~user/', is('path', '/~user/')],
    ['client:10.0.0.1', is('client', '10.0.0.1')],
    ['client:2001:db8::1', is('client', '2001:db8::1')],
    ['time:2026-11-23T14:02:11Z', is('time', '2026-11-23T14:02:11Z')],
    ['agent:"curl/8 (x)"', is('agent', 'curl/8 (x)')],
    ['agent:"say \\"hi\\" *"', is('agent', 'say "hi" *')],
    ['referer:""', is('referer', '')],
    ['a\\ b', words('a', 'b')],
    ['user:*', { kind: 'exists', field: 'user' }],
    ['_exists_:user', { kind: 'exists', field: 'user' }],
    ['status:[* TO *]', { kind: 'exists', field: 'status' }],
    ['http://x.example/', words('http', 'x', 'example')],
    ['10.0.0.1:443', words('10', '0', '0', '1', '443')],
    ['Timeout', words('timeout')],
    ['"Call to UNDEFINED"', words('call', 'to', 'undefined')],
    ['message:time*out', words('time*out')],
    ['gone-a?ay', words('gone', 'a?ay')],
    ['message:*', { kind: 'exists', field: 'message' }],
    ['http.response.status_code:500', is('status', '500')],
    ['source.ip:10.0.0.1', is('client', '10.0.0.1')],
    ['__proto__:x', is('__proto__', 'x')],
  ])('reads the clause %s', (text, tree) => {
    expect(parseQuery(text)).toEqual(tree)
  })

  test.each([
    ['status:[500 TO 599]', '500', true, '599', true],
    ['status:{500 TO 599}', '500', false, '599', false],
    ['status:[ 500 TO 600 }', '500', true, '600', false],
    ['bytes:[-5 TO 1.5e3]', '-5', true, '1.5e3', true],
    ['time:[2026-11-23T14:00:00Z TO "2026-11-23T15:00:00+01:00"]', '2026-11-23T14:00:00Z', true,
      '2026-11-23T15:00:00+01:00', true],
  ])('reads the range %s', (text, low, lowInclusive, high, highInclusive) => {
    expect(parseQuery(text)).toMatchObject({
      kind: 'range',
      low: { value: low, inclusive: lowInclusive },
      high: { value: high, inclusive: highInclusive },
    })
  }) // prettier-ignore

  test.each([
    ['status:>=500', { value: '500', inclusive: true }, null],
    ['status:>500', { value: '500', inclusive: false }, null],
    ['status:<500', null, { value: '500', inclusive: false }],
    ['status:<= 500', null, { value: '500', inclusive: true }],
    ['status:[500 TO *]', { value: '500', inclusive: true }, null],
    ['status:{* TO 500}', null, { value: '500', inclusive: false }],
  ])('reads the comparison %s', (text, low, high) => {
    expect(parseQuery(text)).toEqual({ kind: 'range', field: 'status', low, high })
  })

  test.each([
    ['a:1 OR b:2 AND c:3', 'a:1 OR b:2 AND c:3'],
    ['(a:1 OR b:2) AND c:3', '(a:1 OR b:2) AND c:3'],
    ['a:1 b:2 || c:3', 'a:1 AND b:2 OR c:3'],
    ['a:1 && !b:2', 'a:1 AND NOT b:2'],
    ['+a:1 -b:2', 'a:1 AND NOT b:2'],
    ['NOT a:1 b:2', 'NOT a:1 AND b:2'],
    ['NOT (a:1 OR b:2)', 'NOT (a:1 OR b:2)'],
    ['-(a:1 b:2)', 'NOT (a:1 AND b:2)'],
    ['level:(error OR crit)', 'level:error OR level:crit'],
    ['level:(error OR crit) service:web', '(level:error OR level:crit) AND service:web'],
    ['status:(>=500 AND <600 NOT 503)', 'status:>=500 AND status:<600 AND NOT status:503'],
    ['path:(/a* AND *.php)', 'path:/a* AND path:*.php'],
    ['message:(out of memory)', 'out AND of AND memory'],
    ['(((a:1)))', 'a:1'],
    ['a:1 AND (b:2 AND c:3)', 'a:1 AND b:2 AND c:3'],
    ['a:"OR"', 'a:"OR"'],
    ['ANDROID and NOTHING', 'android AND and AND nothing'],
    ['path:"/a b"', 'path:"/a b"'],
    ['path:/a\\ b*', 'path:/a\\ b*'],
  ])('reads %s as %s', (text, canonical) => {
    expect(formatQuery(parseQuery(text))).toBe(canonical)
  })

  test.each([
    ['', 1, 'the query is empty; write * for every event'],
    ['status:', 8, 'a value for status is missing here'],
    ['status:500 AND', 15, 'a term is missing here'],
    ['status: AND a', 9, 'a value for status is missing before AND; for the text itself write "AND"'],
    ['a OR OR b', 6, 'a term is missing before OR; for the text itself write "OR"'],
    ['(a', 1, 'this ( is not closed; add a )'],
    ['a)', 2, 'there is no ( for this )'],
    ['()', 1, 'there is nothing in these parentheses'],
    ['a "b', 3, 'this quote is not closed; add a " at the end of the phrase'],
    ['a\\', 2, 'nothing follows the \\; write \\\\ for a backslash'],
    ['jk2_init()', 9, 'put a \\ before this (, or quotes around the whole value'],
    ['status:[500 to 599]', 13, 'expected TO (in capitals), as in [500 TO 599]'],
    ['status:[500 TO 599', 19, 'the range is not closed; expected ] or } here'],
    ['status:[599 TO 500]', 8, 'no value lies in this range; the lower end comes first'],
    ['[1 TO 2]', 1, 'a range needs a field, as in status:[500 TO 599]; for text write \\['],
    ['>5', 1, 'a comparison needs a field, as in status:>=500; for text write \\>'],
    ['status:[5* TO 600]', 9, 'a range has no wildcards; put a \\ before it'],
    ['level:>error', 8, 'level has no order, so no ranges; write level:(error OR crit)'],
    ['time:>yesterday', 7, 'a time is written like 2026-11-23T14:02:11Z, with its zone'],
    ['status:(500 502)', 13, 'write OR between the values: a status cannot have two at once'],
    ['status:!500', 8, 'write NOT before the field, or \\! for the character'],
    ['timeot~2', 7, 'there is no fuzzy search (~) and no boost (^); for text put a \\ before it'],
    ['"a b"~3', 6, 'there is no proximity search (~) and no boost (^); leave it out'],
    [':500', 1, 'a field name is missing before the colon'],
    ['http.*:500', 1, 'field names have no wildcards; name each field'],
    ['"--"', 1, 'there is no letter or digit to look for in this text'],
  ])('refuses %s', (text, column, message) => {
    const error = faultOf(text)
    expect(error.code).toBe('QUERY_INVALID')
    expect(error.faults).toEqual([{ place: { file: 'query', line: 1, column }, message }])
    expect(error.message).toBe(`query, column ${column}: ${message}`)
  }) // prettier-ignore

  test('counts columns in characters, not UTF-16 units', () => {
    expect(faultOf('"😀" AND ()').faults[0]?.place.column).toBe(1)
    expect(faultOf('a:"😀" AND ()').faults[0]?.place.column).toBe(11)
  })

  test('takes 64 levels of nesting and refuses 65', () => {
    expect(parseQuery(`${'('.repeat(64)}a:1${')'.repeat(64)}`)).toEqual(is('a', '1'))
    expect(faultOf(`${'('.repeat(65)}a:1${')'.repeat(65)}`).faults[0]?.place.column).toBe(66)
    expect(faultOf(`${'NOT '.repeat(65)}a:1`).message).toContain('nested deeper than 64 levels')
  })

  test('takes 8,192 characters and refuses one more', () => {
    expect(parseQuery(`a:${'x'.repeat(8_190)}`)).toEqual(is('a', 'x'.repeat(8_190)))
    expect(faultOf(`a:${'x'.repeat(8_191)}`).message).toContain('at most 8192 characters')
  })

  test('gives a tree or a fault with a column inside the text for any input', () => {
    const piece = fc.constantFrom(...'ab:*?"\\()[]{}<>=!+-&|~^/ ', ' OR ', ' AND ', 'NOT ', ' TO ')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('')
        try {
          const tree = parseQuery(text)
          expect(parseQuery(formatQuery(tree))).toEqual(tree)
        } catch (error) {
          const column = error instanceof LastpushError ? error.faults[0]?.place.column : undefined
          expect(column, String(error)).toBeGreaterThanOrEqual(1)
          expect(column).toBeLessThanOrEqual(text.length + 1)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

test('formatQuery prints any tree as text that reads back as the same tree', () => {
  fc.assert(
    fc.property(queryTree, (tree) => {
      const text = formatQuery(tree)
      const read = parseQuery(text)
      expect(formatQuery(read)).toBe(text)
      expect(read).toEqual(tree)
    }),
  )
})

test('queryFields names every field, and message for bare terms', () => {
  const query = parseQuery('boom OR NOT (url.path:/a* AND status:[500 TO 599]) user:* level:error')
  expect([...queryFields(query)].sort()).toEqual(['level', 'message', 'path', 'status', 'user'])
  expect(queryFields(parseQuery('*'))).toEqual(new Set())
})

function faultOf(text: string): LastpushError {
  try {
    parseQuery(text)
  } catch (error) {
    if (error instanceof LastpushError) return error
    throw error
  }
  throw new Error(`read without fault: ${text}`)
}
