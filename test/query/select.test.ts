/** Rows chosen a column at a time are those that the predicate of match.ts takes one by one. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bindQuery } from '../../src/query/match.ts'
import { parseQuery, type Query } from '../../src/query/query.ts'
import { selectRows } from '../../src/query/select.ts'
import { shippedParser } from '../parsers/shipped.ts'

const request = (n: number): string => {
  const status = [200, 200, 304, 404, 500, 503][n % 6]
  const bytes = n % 5 === 0 ? '-' : String(n * 37)
  const query = n % 3 === 0 ? `?q=${n}` : ''
  return `10.0.0.${n % 7} - - [23/Nov/2026:14:02:${String(n % 60).padStart(2, '0')} +0000] "GET /p${n % 4}${query} HTTP/1.1" ${status} ${bytes} "-" "curl/8.${n % 3}"`
}
const lines = Array.from({ length: 200 }, (_, n) => (n % 41 === 0 ? 'no request' : request(n)))
const columns = shippedParser('apache_combined').parse(
  Buffer.from(lines.map((line) => `${line}\n`).join('')),
  { zone: 'UTC', open: false },
)
const all = Int32Array.from(lines.keys())

const leaf = fc.constantFrom(
  ...[
    '*', 'status:500', 'status:[500 TO 599]', 'status:{200 TO 304]', 'status:>=404', 'status:*',
    'bytes:*', 'bytes:<100', 'query:*', 'path:/p1', 'path:/p*', 'method:GET', 'agent:"curl/8.1"',
    'client:["10.0.0.2" TO "10.0.0.4"]', 'nosuch:*', 'nosuch:[1 TO 2]', 'status:["5" TO "x"]',
    'time:[2026-11-23T14:02:10Z TO 2026-11-23T14:02:20Z]', 'curl',
  ].map(parseQuery),
) // prettier-ignore
const { tree } = fc.letrec<{ tree: Query }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), parts: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }), // prettier-ignore
    fc.record({ kind: fc.constant('not' as const), part: tie('tree') }),
  ),
}))

test('the rows of a query are those that its predicate takes, among the rows asked about', () => {
  fc.assert(
    fc.property(tree, fc.subarray([...all]), (query, some) => {
      const matches = bindQuery(query, columns)
      const rows = Int32Array.from(some)
      expect([...selectRows(query, columns, rows)]).toEqual(some.filter((row) => matches(row)))
    }),
    { numRuns: 400 },
  )
})

test('when every row matches no row is copied', () => {
  expect(selectRows(parseQuery('*'), columns, all)).toBe(all)
})
