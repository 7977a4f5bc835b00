/** Random trees as parsing gives them: flat ANDs and ORs with at least two parts. */
import fc from 'fast-check'
import type { Query } from '../../src/query/query.ts'

export const fieldName = fc.constantFrom('a', 'b', 'c', 'path', 'x.y_z@1')
const anyValue = fc.oneof(
  fc.constantFrom(
    '1',
    '2',
    '-3',
    'x',
    'AND',
    'a b',
    '/a/b*',
    '"',
    '\\',
    '',
    'é',
    '(x)',
    '~1',
    'TO',
  ),
  fc.string({ maxLength: 6 }),
)
const patternPart = fc.constantFrom(
  '*',
  '?',
  'x',
  '/',
  '\\*',
  '\\\\',
  '\\?',
  ' ',
  'é',
  '~',
  '"',
  '(',
)
const pattern = fc
  .array(patternPart, { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''))
  .filter((text) => /(?:^|[^\\])(?:\\\\)*[*?]/.test(text) && !/^\*+$/.test(text))
const word = fc.constantFrom('boom', 'and', 'é1', 'b*m', '?x')
const number = fc.integer({ min: -9, max: 9 })
const bound = (value: number, inclusive: boolean) => ({ value: String(value), inclusive })
const range = fc
  .tuple(number, number, fc.boolean(), fc.boolean(), fc.constantFrom('low', 'high', 'both'))
  .map(([a, b, withLow, withHigh, ends]) => ({
    low: ends === 'high' ? null : bound(Math.min(a, b), withLow),
    high: ends === 'low' ? null : bound(Math.max(a, b) + 1, withHigh),
  }))

const leaf: fc.Arbitrary<Query> = fc.oneof(
  fc.constant<Query>({ kind: 'all' }),
  fc.record({ kind: fc.constant('exists' as const), field: fieldName }),
  fc.record({ kind: fc.constant('is' as const), field: fieldName, value: anyValue }),
  fc.record({ kind: fc.constant('like' as const), field: fieldName, pattern }),
  fc.tuple(fieldName, range).map(([field, ends]): Query => ({ kind: 'range', field, ...ends })),
  fc.array(word, { minLength: 1, maxLength: 3 }).map((words): Query => ({ kind: 'words', words })),
)

export const queryTree: fc.Arbitrary<Query> = fc.letrec<{ tree: Query }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.record({ kind: fc.constant('not' as const), part: tie('tree') }),
    joined('and', tie('tree')),
    joined('or', tie('tree')),
  ),
})).tree

function joined(kind: 'and' | 'or', tree: fc.Arbitrary<Query>): fc.Arbitrary<Query> {
  return fc.array(tree, { minLength: 2, maxLength: 3 }).map((list) => ({
    kind,
    parts: list.flatMap((part) => (part.kind === kind ? part.parts : [part])),
  }))
}
