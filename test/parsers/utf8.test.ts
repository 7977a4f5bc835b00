import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unitMap } from '../../src/parsers/utf8.ts'

function mapOf(...bytes: number[]): number[] | null {
  const line = Buffer.from(bytes)
  const map = unitMap(line, 0, line.length, line.toString('utf8'))
  return map === null ? null : [...map]
}

/** Bytes that are likely to begin, continue or break a sequence. */
const byte = fc.oneof(
  fc.constantFrom(0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe2),
  fc.constantFrom(0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff, 0xbd, 0x82, 0xac, 0x9f, 0x98),
  fc.integer({ min: 0, max: 255 }),
)

describe('positions in a decoded line', () => {
  test('ASCII, and single invalid bytes, need no map', () => {
    expect(mapOf(0x41, 0x42)).toBe(null)
    expect(mapOf(0x41, 0xff, 0x42)).toBe(null)
  })

  test('a character of two, three or four bytes moves what follows', () => {
    expect(mapOf(0xc3, 0xa9, 0x41)).toEqual([0, 2, 3])
    expect(mapOf(0xe2, 0x82, 0xac, 0x41)).toEqual([0, 3, 4])
    expect(mapOf(0xf0, 0x9f, 0x98, 0x80, 0x41)).toEqual([0, 0, 4, 5])
  })

  test('a cut sequence is one character of as many bytes as could have begun a valid one', () => {
    expect(mapOf(0xe2, 0x82, 0x41)).toEqual([0, 2, 3])
    expect(mapOf(0xf0, 0x9f, 0x98)).toEqual([0, 3])
    expect(mapOf(0xed, 0xa0, 0x80, 0xc3, 0xa9)).toEqual([0, 1, 2, 3, 5])
  })

  test('each stretch of the map decodes to its part of the line, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), (bytes) => {
        const line = Buffer.from(bytes)
        const text = line.toString('utf8')
        const map = unitMap(line, 0, line.length, text)
        let unit = 0
        let decoded = ''
        for (const character of text) {
          const from = map === null ? unit : (map[unit] ?? NaN)
          unit += character.length
          const to = map === null ? unit : (map[unit] ?? NaN)
          expect(to).toBeGreaterThan(from)
          decoded += line.toString('utf8', from, to)
          expect(line.toString('utf8', from, to)).toBe(character)
        }
        expect(decoded).toBe(text)
        expect(map === null ? unit : map[unit]).toBe(line.length)
      }),
      { numRuns: 2_000 },
    )
  })
})
