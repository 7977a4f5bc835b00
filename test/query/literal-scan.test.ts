/** A scan for many literals tells of each exactly where it stands. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Literal } from '../../src/query/literal.ts'
import { LiteralScan } from '../../src/query/literal-scan.ts'
import { viewOf } from '../../src/query/value-dictionary.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é'), minLength: 1, maxLength: 11 })
const literal: fc.Arbitrary<Literal> = fc.record({
  bytes: text.map((each) => Buffer.from(each)),
  atStart: fc.boolean(),
  atEnd: fc.boolean(),
})
const keyOf = ({ bytes, atStart, atEnd }: Literal) => `${bytes.toString('latin1')} ${atStart} ${atEnd}` // prettier-ignore

/** Literals found in the value at `[from, to)`, with their places. */
function found(literals: readonly Literal[], bytes: Buffer, from: number, to: number): string[] {
  const hits = new Set<string>()
  new LiteralScan(literals).scan(bytes, viewOf(bytes), from, to, {
    hit: (index, at) => hits.add(`${index}@${at}`),
  })
  return [...hits].sort()
}

function naively(literals: readonly Literal[], bytes: Buffer, from: number, to: number): string[] {
  const hits: string[] = []
  for (const [index, each] of literals.entries()) {
    for (let at = from; at + each.bytes.length <= to; at++) {
      if (each.atStart && at !== from) continue
      if (each.atEnd && at + each.bytes.length !== to) continue
      if (bytes.subarray(at, at + each.bytes.length).equals(each.bytes)) hits.push(`${index}@${at}`)
    }
  }
  return hits.sort()
}

test('every place of every literal is told, and no other', () => {
  const literals = fc.uniqueArray(literal, { maxLength: 60, selector: keyOf })
  const value = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é'), maxLength: 40 })
  fc.assert(
    fc.property(literals, value, fc.nat(5), fc.nat(3), (list, around, from, less) => {
      const bytes = Buffer.from(`a/b/a${around}`)
      const to = Math.max(from, bytes.length - less)
      expect(found(list, bytes, from, to)).toEqual(naively(list, bytes, from, to))
    }),
    { numRuns: 500 },
  )
})

test('a prefix and a whole value of the same bytes are both told', () => {
  const both = (text: string) =>
    [false, true].map((atEnd) => ({ bytes: Buffer.from(text), atStart: true, atEnd }))
  const literals = [...both('/'), ...both('/a/b')]
  expect(found(literals, Buffer.from('/'), 0, 1)).toEqual(['0@0', '1@0'])
  expect(found(literals, Buffer.from('/a/b'), 0, 4)).toEqual(['0@0', '2@0', '3@0'])
  expect(found(literals, Buffer.from('/a/bc'), 0, 5)).toEqual(['0@0', '2@0'])
})

test('thousands of prefixes with much in common are told apart', () => {
  const literals = Array.from({ length: 5_000 }, (_, n) => ({
    bytes: Buffer.from(`/shop/item/${n}/`),
    atStart: true,
    atEnd: false,
  }))
  const bytes = Buffer.from('/shop/item/4321/cart')
  expect(found(literals, bytes, 0, bytes.length)).toEqual(['4321@0'])
  expect(found(literals, bytes, 1, bytes.length)).toEqual([])
})
