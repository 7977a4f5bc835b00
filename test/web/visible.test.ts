/** Characters that hide or reorder text. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { visible, visibleParts } from '../../src/web/visible.ts'

test('plain text of any script stays as it is', () => {
  const text = 'GET /straße?q=東京\t<b> 🙂 שלום'
  expect(visible(text)).toBe(text)
})

test('directional, zero width and control characters are spelled out', () => {
  expect(visible('a\u202eb\u200bc\u0007d\u{e0041}')).toBe('a⟨U+202E⟩b⟨U+200B⟩c⟨U+0007⟩d⟨U+E0041⟩')
})

test('an escape sequence of a terminal cannot hide', () => {
  expect(visible('\u001b[2K\r\nfake')).toBe('⟨U+001B⟩[2K⟨U+000D⟩⟨U+000A⟩fake')
})

test('stand-ins are told apart from text that looks like them', () => {
  expect(visibleParts('⟨U+202E⟩\u202e')).toEqual([
    { text: '⟨U+202E⟩', escaped: false },
    { text: '⟨U+202E⟩', escaped: true },
  ])
})

test('what is visible stays so when it is made visible again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(visible(visible(text))).toBe(visible(text))
      expect(visible(text)).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u200b-\u200f\u202a-\u202e]/)
    }),
  )
})
