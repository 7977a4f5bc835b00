/** The WebAssembly module does what its form in JavaScript does. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GramTable } from '../../src/query/gram-table.ts'
import { kernelMemory, plainKernel, wordKernel } from '../../src/query/word-kernel.ts'

const by = 4_096
const [filter, out] = [16_384, 8_192]

function kernels() {
  return [wordKernel, plainKernel].map((make) => {
    const memory = kernelMemory(262_144)
    return { kernel: make(memory), bytes: Buffer.from(memory.buffer), view: new DataView(memory.buffer) } // prettier-ignore
  })
}

describe('the kernel of the search for words', () => {
  it('folds every byte: small letters and digits, spaces for all else', () => {
    const text = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    for (const { kernel, bytes } of kernels()) {
      text.copy(bytes, 3)
      kernel.fold(3, 259, by)
      const letters = 'abcdefghijklmnopqrstuvwxyz'
      const expected = `${' '.repeat(48)}0123456789${' '.repeat(7)}${letters}${' '.repeat(6)}${letters}${' '.repeat(133)}` // prettier-ignore
      expect(bytes.toString('latin1', by + 3, by + 259)).toBe(expected)
    }
  })

  it('finds the places whose window the filter has, in both forms the same', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', ' '), minLength: 1, maxLength: 9 })
    const input = fc.tuple(fc.uniqueArray(word, { minLength: 1, maxLength: 8 }), word, fc.nat(9))
    const both = kernels()
    fc.assert(
      fc.property(input, fc.constantFrom(6, 40), ([words, part, more], room) => {
        const table = new GramTable(words.map((each) => Buffer.from(each)), [...words.keys()]) // prettier-ignore
        const text = Buffer.from(part.repeat(3 + more))
        const { step, mask, shift } = table
        const results = both.map(({ kernel, bytes, view }) => {
          bytes.set(table.filter, filter)
          bytes.fill(0, 0, 256)
          text.copy(bytes, 64)
          const range = { from: 64, to: 64 + text.length, step, mask, shift, filter, out, room }
          const next = kernel.scan(range)
          const count = view.getInt32(out, true)
          const places = Array.from({ length: count }, (_, i) => view.getInt32(out + 4 + i * 4, true)) // prettier-ignore
          return { next, places }
        })
        expect(results[0]).toEqual(results[1])
        expect(results[0]!.places.length).toBeLessThanOrEqual(room)
      }),
      { numRuns: 300 },
    )
  })
})
