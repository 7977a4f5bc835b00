/** Words and numbers as the page writes them. */
import { describe, expect, test } from 'vitest'
import {
  agoWords,
  counted,
  durationWords,
  evidenceWords,
  itemName,
  perMinute,
  quantity,
  ratioWords,
  reasonWords,
} from '../../src/web/words.ts'

test.each([
  [-5_000, '0 s'],
  [999, '0 s'],
  [41_200, '41 s'],
  [60_000, '1 min'],
  [90_000, '1 min 30 s'],
  [599_000, '9 min 59 s'],
  [725_000, '12 min'],
  [7_500_000, '2 h 5 min'],
  [43_500_000, '12 h'],
  [277_200_000, '3 d 5 h'],
])('durationWords(%d) is "%s"', (ms, words) => {
  expect(durationWords(ms)).toBe(words)
})

test('a moment in the future by a wrong clock is just now', () => {
  expect(agoWords(-4_000)).toBe('just now')
  expect(agoWords(41_000)).toBe('41 s ago')
})

test.each([
  [0, '0'],
  [0.0004, '< 0.001'],
  [0.01234, '0.0123'],
  [12.345, '12.3'],
  [999.4, '999'],
  [1_240.6, '1,241'],
  [34_000, '34,000'],
  [4.1e11, '10^11'],
  [Infinity, 'beyond counting'],
])('quantity(%d) is "%s"', (value, words) => {
  expect(quantity(value)).toBe(words)
})

test('counts carry their noun', () => {
  expect(counted(1, 'event')).toBe('1 event')
  expect(counted(4_118, 'event')).toBe('4,118 events')
})

test('a rate per minute needs a stretch of time', () => {
  expect(perMinute({ count: 9, seconds: 40 })).toBe(13.5)
  expect(perMinute({ count: 9, seconds: 0 })).toBeNull()
})

describe('a ratio', () => {
  test('is rounded to two digits, with its interval', () => {
    expect(ratioWords({ ratio: 14.16, interval: [11.62, 17.4] })).toBe('×14 (12 to 17)')
    expect(ratioWords({ ratio: 0.4619, interval: null })).toBe('×0.46')
    expect(ratioWords({ ratio: 4_118.2, interval: null })).toBe('×4,118')
  })

  test('is left out where nothing was before, and is "gone" where nothing came after', () => {
    expect(ratioWords({ ratio: null, interval: null })).toBeNull()
    expect(ratioWords({ ratio: 0, interval: null })).toBe('gone')
  })
})

test.each([
  [0.3, 'no evidence of a change'],
  [2, 'hardly any evidence'],
  [9, 'some evidence'],
  [20, 'strong evidence'],
  [99, 'very strong evidence'],
  [34_000, 'decisive evidence'],
])('E %d is "%s"', (evidence, words) => {
  expect(evidenceWords(evidence)).toBe(words)
})

test('every reason for being undecided has words', () => {
  expect(reasonWords('seen once')).toBe('seen only once so far')
  expect(reasonWords('inherited')).toBe('was already changing before this push')
  expect(reasonWords(null)).toBe('not enough evidence yet')
})

test('an item without template is named by its kind', () => {
  expect(itemName({ kind: 'status', id: '500', template: null })).toBe('HTTP status 500')
  expect(itemName({ kind: 'level', id: 'error', template: null })).toBe('level error')
  expect(itemName({ kind: 'signature', id: 'a8', template: 'Undefined <str>' })).toBe(
    'Undefined <str>',
  )
})
