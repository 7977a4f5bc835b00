import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rowKind } from '../../../src/model/columns.ts'
import { rowFields } from '../../../src/parsers/fields.ts'
import { jsonParser } from '../../../src/parsers/json.ts'

const parser = jsonParser('json')

function parseOne(text: string) {
  return parser.parse(Buffer.from(text), { zone: 'UTC', open: false })
}

function leaves(text: string): [string, string | number][] {
  return Object.entries(rowFields(parseOne(text), 0))
}

/** What is wrong with a line, and its character from 0. */
function faultOf(text: string): [string, number] {
  const columns = parseOne(text)
  if (columns.kind[0] === rowKind.event) return ['none', -1]
  const { reason, column } = columns.unparsed(0)
  return [reason, column - 1]
}

/** The leaves of a value as JSON.parse gives it. */
function flatten(value: object, prefix = ''): [string, string | number][] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`
    if (inner === null) return []
    if (Array.isArray(inner)) return [[name, JSON.stringify(inner)]]
    if (typeof inner === 'object') return flatten(inner, name)
    return [[name, typeof inner === 'boolean' ? String(inner) : (inner as string | number)]]
  })
}

describe('a JSON line', () => {
  test('gives its leaves with dotted names', () => {
    expect(
      leaves('{"a":{"b":[1, {"c":2}],"d":{}},"e":"\\u00e9\\n","f":true,"g":null,"h":-1.5e2}'),
    ).toEqual([
      ['a.b', '[1, {"c":2}]'],
      ['e', 'é\n'],
      ['f', 'true'],
      ['h', -150],
    ])
  })

  test.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
    ['-9007199254740993', '-9007199254740993'],
    ['1e400', '1e400'],
    ['1e-400', '1e-400'],
    ['0.1', 0.1],
    ['0.30000000000000004', 0.30000000000000004],
    ['0.3000000000000000444', '0.3000000000000000444'],
    ['1.50', 1.5],
    ['-0', 0],
    ['0e9', 0],
    ['0.000000000000000000001', 1e-21],
  ])('keeps the number %s as %j', (text, expected) => {
    expect(leaves(`{"n":${text}}`)).toEqual([['n', expected]])
  })

  test.each([
    ['[1]', 'no JSON object', 0],
    ['  nonsense', 'no JSON object', 2],
    ['{"a":1} x', 'text after the JSON object', 8],
    ['{"a":1', 'the line ends before "}"', 6],
    ['{"a":[1,2', 'the line ends before "]"', 9],
    ['{"a" 1}', '":" is expected', 5],
    ['{"a":1 "b":2}', '"," or "}" is expected', 7],
    ['{"a":tru}', 'a value is expected', 5],
    ['{"a":"b', 'a string without its closing quote', 5],
    ['{"a":"\\u12"}', 'a bad escape in a string', 5],
    ['{"a":"\u0001"}', 'a control character in a string', 6],
  ])('%j has the fault %j at %i', (text, reason, unit) => {
    expect(faultOf(text)).toEqual([reason, unit])
  })

  test('may be 32 levels deep and no deeper, however it is nested', () => {
    const objects = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
    const lists = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect([objects(32), lists(31)].map((text) => faultOf(text)[0])).toEqual(['none', 'none'])
    for (const text of [objects(33), lists(32), objects(100_000), lists(100_000)]) {
      expect(faultOf(text)[0]).toBe('nested deeper than 32')
    }
  })

  test('gives at most 1,024 leaves, and none whose name is longer than 256', () => {
    const many = Array.from({ length: 1_023 }, (_, n) => `"k":${n}`).join(',')
    expect(leaves(`{${many},"a":1,"b":2}`)).toEqual([
      ['k', 1_022],
      ['a', 1],
    ])
    const long = {
      [`${'a'.repeat(256)}`]: 1,
      [`${'b'.repeat(257)}`]: 2,
      c: { ['d'.repeat(256)]: 3 },
    }
    expect(leaves(JSON.stringify(long))).toEqual([['a'.repeat(256), 1]])
  })

  test('reads a long name above many leaves in linear time', () => {
    const inner = Array.from({ length: 20_000 }, (_, n) => `"${n}":1`).join(',')
    expect(leaves(`{"${'x'.repeat(1_000_000)}":{${inner}},"end":1}`)).toEqual([['end', 1]])
  })

  test('gives what JSON.parse gives', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'é', '"', '\\', ' ', '_'), maxLength: 4 })
    // Integer-like keys would come first from JSON.parse, and a dot would hide the nesting.
    const value = fc.dictionary(key, fc.jsonValue({ maxDepth: 4 }), { noNullPrototype: true })
    const plain = value.filter((object) => !JSON.stringify(object).includes('__proto__'))
    fc.assert(
      fc.property(plain, fc.constantFrom(0, 2), (object, indent) => {
        const text = JSON.stringify(object, null, indent).replaceAll('\n', '\t')
        // A key of '' may hold a name that stands outside as well; the last counts.
        const expected = [...new Map(flatten(JSON.parse(text) as object))]
        const got = leaves(text)
        expect(got.map(([name]) => name).sort()).toEqual(expected.map(([name]) => name).sort())
        const asNumbers = (list: [string, string | number][]) =>
          list
            .map(([name, leaf]) =>
              String(leaf).startsWith('[')
                ? `${name}=${JSON.stringify(tryParse(String(leaf)))}`
                : `${name}=${Object.is(leaf, -0) ? 0 : Number.isNaN(Number(leaf)) ? leaf : Number(leaf)}`,
            )
            .sort()
        expect(asNumbers(got)).toEqual(asNumbers(expected))
      }),
    )
  })

  test('accepts exactly the objects that JSON.parse accepts', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      '.',
      'e',
      'true',
      ' ',
    )
    const text = fc.array(part, { maxLength: 12 }).map((parts) => `{${parts.join('')}}`)
    fc.assert(
      fc.property(text, (given) => {
        let valid = true
        try {
          JSON.parse(given)
        } catch {
          valid = false
        }
        expect(faultOf(given)[0] === 'none').toBe(valid)
      }),
      { numRuns: 5_000 },
    )
  })
})

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
