import fc from 'fast-check'
import { expect, test } from 'vitest'
import { visible } from '../../src/model/escape.ts'

test.each([
  ['a terminal title', '\x1b]0;pwned\x07', '\\x1b]0;pwned\\x07'],
  ['a C1 control', 'a\x9b2Jb', 'a\\x9b2Jb'],
  ['the C1 borders', '\x80\x9f\xa0', '\\x80\\x9f\xa0'],
  ['DEL and NUL', '\x7f\0', '\\x7f\\x00'],
  ['line ends and tabs', 'a\r\n\tb', 'a\\r\\n\\tb'],
  ['a right-to-left override', 'exe\u202efdp', 'exe\\u202efdp'],
  ['line and paragraph separators', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['half a character', 'a\ud83db\udc00🚀', 'a\\ud83db\\udc00🚀'],
  ['the isolates', '\u2066x\u2069', '\\u2066x\\u2069'],
])('shows %s as an escape', (_what, text, expected) => {
  expect(visible(text)).toBe(expected)
})

test('leaves letters, other scripts and emoji as they are', () => {
  expect(visible('Grüße, שלום, 日本 🚀 \\')).toBe('Grüße, שלום, 日本 🚀 \\')
})

test('S21: leaves no control or bidirectional character in any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const codes = [...visible(text)].map((character) => character.codePointAt(0) ?? 0)
      return codes.every(
        (code) =>
          code >= 0x20 &&
          !(code >= 0x7f && code <= 0x9f) &&
          !(code >= 0x202a && code <= 0x202e) &&
          !(code >= 0x2066 && code <= 0x2069),
      )
    }),
  )
})
