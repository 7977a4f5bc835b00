import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitLines } from '../../src/parsers/lines.ts'

function linesOf(text: string): string[] {
  const bytes = Buffer.from(text)
  const { rows, lineStart, lineEnd } = splitLines(bytes)
  return Array.from({ length: rows }, (_, row) =>
    bytes.toString('utf8', lineStart[row], lineEnd[row]),
  )
}

describe('splitting lines', () => {
  test.each([
    ['no bytes are no lines', '', []],
    ['LF ends a line', 'a\nb\n', ['a', 'b']],
    ['a last line needs no LF', 'a\nb', ['a', 'b']],
    ['empty lines count', '\n\na\n\n', ['', '', 'a', '']],
    ['one CR before LF is dropped', 'a\r\nb\r\r\n\r\n', ['a', 'b\r', '']],
    ['a CR at the end without LF is text', 'a\r', ['a\r']],
    ['a lone CR, NEL and U+2028 are text', 'a\rb\u0085c\u2028d\n', ['a\rb\u0085c\u2028d']],
  ])('%s', (_, text, expected) => {
    expect(linesOf(text)).toEqual(expected)
  })

  test('equals a split by LF, whatever the bytes', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\r', '\n', 'é') })
    fc.assert(
      fc.property(text, (given) => {
        const oracle = given.split('\n').map((line, index, all) => {
          return index < all.length - 1 ? line.replace(/\r$/, '') : line
        })
        if (oracle.at(-1) === '') oracle.pop()
        expect(linesOf(given)).toEqual(oracle)
      }),
    )
  })
})
