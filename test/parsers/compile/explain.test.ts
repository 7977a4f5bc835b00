import { describe, expect, test } from 'vitest'
import { rowKind } from '../../../src/model/columns.ts'
import { atLength, briefly } from '../../../src/parsers/compile/explain.ts'
import { rowFields } from '../../../src/parsers/fields.ts'
import type { Parser } from '../../../src/parsers/parser.ts'
import { declared } from '../shipped.ts'

const context = { zone: 'UTC', open: false }

function brief(parser: Parser): string[] {
  const runs = parser.runs?.()
  if (runs === undefined) throw new Error('the parser has no patterns')
  return briefly(parser.name, runs)
}

describe('what is said of a parser', () => {
  test('in brief is its form', () => {
    expect(brief(declared({ patterns: ['(?<a>[^ ]+) (?<b>.*)'] }))).toEqual([
      'own: WebAssembly with SIMD',
    ])
  })

  test('in brief names each pattern that only RE2 can run, with the place and the reason', () => {
    expect(brief(declared({ patterns: ['(?<a>\\d+)', 'x (?:(?<b>\\w) )*'] }))).toEqual([
      'own: WebAssembly with SIMD, 1 of 2 on RE2',
      '  patterns[1]: RE2, for a group inside a repeated part at column 3, `(?:(?<b>\\w) )*`',
    ])
  })

  test('is RE2 when its first pattern, or its continuation, is', () => {
    const patterns = ['(?<a>\\d+)']
    expect(brief(declared({ patterns: ['\\bx', ...patterns] }))[0]).toBe('own: RE2')
    expect(brief(declared({ patterns, continuation: '\\p{L}+' }))).toEqual([
      'own: RE2',
      '  continuation: RE2, for the escape \\p at column 1, `\\p{L}+`',
    ])
  })

  test('at length has the places that are tried more than once', () => {
    const parser = declared({ patterns: ['(?<message>.*) in (?<file>[^ ]+)'] })
    expect(atLength('own', parser.runs?.() ?? { form: 're2', patterns: [] })).toEqual([
      'own: WebAssembly with SIMD',
      '  patterns[0]: compiled',
      '    column 12, `.*) in (?<file>[^ ]+)`: what follows may begin inside this run, whose end is tried from the right',
    ])
  })
})

describe('what a scanner cannot do', () => {
  test.each([
    ['a\\b', 'the escape \\b', 2],
    ['\\p{Greek}', 'the escape \\p', 1],
    ['\\Qa\\E', 'a quotation \\Q…\\E', 1],
    ['(?m)a', 'the flag m', 1],
    ['x(?U:a*)', 'the flag U', 2],
    ['a\ufffd', 'the character U+FFFD', 2],
    ['(?:a(?<g>b))+', 'a group inside a repeated part', 1],
    ['(?:ab)*?c', 'a lazily repeated part', 1],
    ['(?:a*)*', 'a repeated part that can be empty', 1],
    ['(?:ab){17}', 'more than 16 copies of a part', 1],
    ['a{65}', 'more than 64 copies of a character', 1],
  ])('%s is left to RE2: %s', (pattern, reason, column) => {
    const [form] = declared({ patterns: [pattern] }).runs?.().patterns ?? []
    expect([form?.refusal?.text, (form?.refusal?.at ?? NaN) + 1]).toEqual([reason, column])
  })

  test('is found in the lines that need it, and RE2 asked once', () => {
    const parser = declared({ patterns: ['(?<a>.)-(?<b>é+)'] })
    const columns = parser.parse(Buffer.from('x-éé\né-é\nx-\xff\n'), context)
    expect([...columns.kind]).toEqual([rowKind.event, rowKind.event, rowKind.unparsed])
    expect(rowFields(columns, 1)).toEqual({ a: 'é', b: 'é' })
  })
})

describe('a line that can be taken apart in many ways', () => {
  test('has the fields that RE2 gives it when the search gives up', () => {
    const parser = declared({
      patterns: ['(?<a>.*)a(?<b>.*)a(?<c>.*)a(?<d>.*)!', '(?<other>.*)'],
    })
    const line = 'a'.repeat(3_000)
    const columns = parser.parse(Buffer.from(`${line}\n${line}!\n`), context)
    expect(rowFields(columns, 0)).toEqual({ other: line })
    expect(rowFields(columns, 1)).toEqual({ a: 'a'.repeat(2_997) })
  })
})
