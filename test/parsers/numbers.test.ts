import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readFloat, readInt } from '../../src/parsers/numbers.ts'

const int = (text: string) => readInt(Buffer.from(text), 0, Buffer.byteLength(text))
const float = (text: string) => readFloat(Buffer.from(text), 0, Buffer.byteLength(text))

describe('integers', () => {
  test.each([
    ['0', 0],
    ['007', 7],
    ['-12', -12],
    ['+12', 12],
    ['-0', 0],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', NaN],
    ['', undefined],
    ['-', undefined],
    ['1.0', undefined],
    ['1e3', undefined],
    [' 1', undefined],
    ['0x10', undefined],
    ['１', undefined],
  ])('%j is %j', (text, expected) => {
    expect(int(text)).toBe(expected)
  })

  test('are read from the middle of a line', () => {
    expect(readInt(Buffer.from('a 404 b'), 2, 5)).toBe(404)
  })
})

describe('floats', () => {
  test.each([
    ['12', 12],
    ['0.005', 0.005],
    ['-0.5', -0.5],
    ['1.5e-3', 0.0015],
    ['123456789012345678901234567890', 123456789012345680000000000000],
    ['1e999', NaN],
    ['', undefined],
    ['.5', undefined],
    ['5.', undefined],
    ['1.2.3', undefined],
    ['Infinity', undefined],
    ['0x1', undefined],
  ])('%j is %j', (text, expected) => {
    expect(float(text)).toBe(expected)
  })

  test('are what Number makes of them', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(float(String(value))).toBe(Number(String(value)))
      }),
    )
    fc.assert(
      fc.property(fc.nat(10 ** 9), fc.integer({ min: 0, max: 6 }), (value, decimals) => {
        const text = (value / 1_000).toFixed(decimals)
        expect(float(text)).toBe(Number(text))
      }),
    )
  })

  test('end where their bytes end', () => {
    expect(readFloat(Buffer.from('12 3.5'), 0, 2)).toBe(12)
    expect(readFloat(Buffer.from('1.25 7'), 0, 3)).toBe(1.2)
  })
})
