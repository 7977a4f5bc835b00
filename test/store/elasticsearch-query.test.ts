import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseQuery } from '../../src/query/query.ts'
import { elasticsearchQuery } from '../../src/store/elasticsearch-query.ts'
import { sortableNumber } from '../../src/store/elasticsearch-mapping.ts'
import { searchTree } from '../contract/event-search.ts'

const compile = (text: string) => elasticsearchQuery(parseQuery(text))
const long = { term: { long: true } }
const orLong = (clause: object) => ({ bool: { should: [clause, long], minimum_should_match: 1 } })
const notLong = (clause: object) => ({ bool: { filter: [clause], must_not: [long] } })

describe('elasticsearchQuery', () => {
  test.each<[string, object]>([
    ['*', { match_all: {} }],
    ['path:/a/b', { term: { pairs: 'path\0/a/b' } }],
    ['path:*', { term: { names: 'path' } }],
    ['NOT path:*', { bool: { must_not: [{ term: { names: 'path' } }] } }],
    ['Timeout', { term: { words: 'timeout' } }],
    [
      '"Out of memory"',
      { match_phrase: { words: { query: 'out of memory', analyzer: 'whitespace' } } },
    ],
    [
      'status:[500 TO 599}',
      {
        range: {
          numbers: {
            gte: `status\0${sortableNumber(500)}`,
            lt: `status\0${sortableNumber(599)}`,
          },
        },
      },
    ],
    ['bytes:<100', { range: { numbers: { gte: 'bytes\0', lt: `bytes\0${sortableNumber(100)}` } } }],
    ['time:>2026-11-23T00:00:00Z', { range: { time: { gt: 1_795_392_000_000 } } }],
  ])('%s is decided by the server alone', (text, filter) => {
    expect(compile(text)).toEqual({ filter, exact: true, long: false })
  })

  test.each<[string, object]>([
    ['path:/a/*', orLong({ wildcard: { pairs: { value: 'path\0/a/*' } } })],
    ['path:a?b*', orLong({ wildcard: { pairs: { value: 'path\0a?b*' } } })],
    ['path:>/b', orLong({ range: { pairs: { gt: 'path\0/b', lt: 'path\x01' } } })],
    ['time*', orLong({ wildcard: { words: { value: 'time*' } } })],
    [
      'NOT path:/a/*',
      { bool: { must_not: [notLong({ wildcard: { pairs: { value: 'path\0/a/*' } } })] } },
    ],
  ])('%s is decided by the server but for long values', (text, filter) => {
    expect(compile(text)).toEqual({ filter, exact: true, long: true })
  })

  test.each<[string, object]>([
    ['path:*a??', orLong({ wildcard: { pairs: { value: 'path\0*a**' } } })],
    [`path:${'a*'.repeat(200)}`, { term: { names: 'path' } }],
    ['NOT path:*a??', { bool: { must_not: [{ match_none: {} }] } }],
  ])('%s is left to us where the server would need a large automaton', (text, filter) => {
    expect(compile(text)).toEqual({ filter, exact: false, long: false })
  })

  test('words with wildcards in a row are looked for one by one', () => {
    const all = [
      { wildcard: { words: { value: 'tim*' } } },
      { term: { words: 'out' } },
      { match_phrase: { words: { query: 'of it', analyzer: 'whitespace' } } },
    ]
    const given = { kind: 'words', words: ['out', 'tim*', 'of', 'it'] } as const
    expect(elasticsearchQuery(given)).toEqual({
      filter: orLong({ bool: { filter: all } }),
      exact: false,
      long: false,
    })
  })

  test('S17: gives simple clauses alone, not too many and not too deep, for any query', () => {
    const known = /^(?:bool|filter|should|must_not|minimum_should_match|match_all|match_none|term|wildcard|range|match_phrase|pairs|names|numbers|words|long|time|value|query|analyzer|gte?|lte?)$/ // prettier-ignore
    fc.assert(
      fc.property(searchTree, (query) => {
        const keys = keysOf(elasticsearchQuery(query).filter)
        expect(keys.filter((key) => !known.test(key))).toEqual([])
      }),
      { numRuns: 300 },
    )
    const many = Array.from({ length: 800 }, (_, n) => `a:${n}`).join(' OR ')
    const deep = `${'NOT '.repeat(63)}a:x`
    expect(keysOf(compile(many).filter).filter((key) => key === 'pairs').length).toBeLessThan(500)
    expect(compile(many).exact).toBe(false)
    expect(keysOf(compile(deep).filter).filter((key) => key === 'bool').length).toBeLessThan(30)
    expect(compile(deep)).toMatchObject({ exact: false })
  })
})

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => [key, ...keysOf(part)])
}
