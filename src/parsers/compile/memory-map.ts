/** Where a module's memory holds what: tables, the remembered time, columns, and last the text, so
 *  that growing for a long line moves nothing. */
import type { ByteSet } from './byte-set.ts'
import type { Layout } from './layout.ts'
import { scanPadding } from './simd-scan.ts'
import { rememberedMax } from './times.ts'

/** Rows that one call fills; with more lines it is called again. */
export const rowsMax = 16_384
/** Tables of sets; with more the patterns are too large. */
const tablesMax = 192
const tableBytes = 256
/** Apart from a power of two, so that the columns of a row do not share a set of the cache. */
const positionsStride = rowsMax * 4 + 192
const numbersStride = rowsMax * 8 + 192

/** Offsets in the block of the remembered time, see Remembered. */
export const timeBlock = {
  length: 0,
  secondAt: 4,
  minuteAt: 8,
  hourAt: 12,
  fractionAt: 16,
  fractionDigits: 20,
  base: 24,
  bytes: 32,
  same: 32 + rememberedMax,
  size: 32 + 2 * rememberedMax,
} as const

export class MemoryMap {
  readonly tables = new Map<string, { readonly at: number; readonly set: ByteSet }>()
  readonly text: { readonly origin: number }
  /** Where the text after the last row goes on, and rows that are unsure. */
  readonly next = 0
  readonly unsure = 4
  readonly time = 16
  readonly kind: number
  readonly #tablesAt: number
  readonly #numbersAt: number
  readonly #positionsAt: number

  constructor({ positions, numbers }: Layout) {
    this.#tablesAt = align(this.time + timeBlock.size)
    this.kind = this.#tablesAt + tablesMax * tableBytes
    this.#numbersAt = align(this.kind + rowsMax)
    this.#positionsAt = align(this.#numbersAt + numbers * numbersStride)
    this.text = { origin: align(this.#positionsAt + positions * positionsStride) + scanPadding }
  }

  positions(column: number): number {
    return this.#positionsAt + column * positionsStride
  }

  numbers(column: number): number {
    return this.#numbersAt + column * numbersStride
  }

  /** @throws RangeError When there is no room for one more. */
  table(set: ByteSet): number {
    const known = this.tables.get(set.key)
    if (known !== undefined) return known.at
    if (this.tables.size >= tablesMax) throw new RangeError('the patterns have too many classes')
    const at = this.#tablesAt + this.tables.size * tableBytes
    this.tables.set(set.key, { at, set })
    return at
  }

  /** Pages of 64 KiB for a text of so many bytes. */
  pagesFor(textBytes: number): number {
    // A search goes 16 bytes on from any position, and loads 16 more.
    return Math.ceil((this.text.origin + textBytes + 4 * scanPadding) / 65_536)
  }
}

function align(address: number): number {
  return Math.ceil(address / 64) * 64
}
