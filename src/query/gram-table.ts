/** From each of many literals a few windows of four bytes, in a filter and a hash table. Whoever
 *  scans loads four bytes at every second or fourth place, asks the filter and compares whole
 *  literals only where it says maybe. Steps do not wait for each other as those of an automaton do,
 *  and the filter stays in the caches however many literals there are. */
import { gramAt } from './prefix-trie.ts'

/** Bytes of a window; shorter literals have windows as long as the shortest of them. */
export const gramBytes = 4
const filterBytesMax = 131_072
const filterBytesMin = 4_096
/** Per window: one false candidate in so many places, up to the largest filter. */
const filterBytesEach = 64

/** What a window is multiplied with; the upper bits of the product are its place in the filter. */
export const gramMultiplier = 0x9e3779b1

export class GramTable {
  /** Bytes of a window, and the bits of a four-byte load that they are. */
  readonly width: number
  readonly mask: number
  /** Places from one load to the next; each literal has windows at so many offsets in a row. */
  readonly step: 1 | 2 | 4
  /** 1 where a window is, by its place. */
  readonly filter: Uint8Array
  /** Bits of the product that are not used. */
  readonly shift: number
  readonly #literals: readonly Buffer[]
  /** Window → index of its first entry, -1 where free: an open-addressing table. */
  readonly #keys: Int32Array
  readonly #heads: Int32Array
  /** By entry: the next one of the same window or -1, the literal, and where in it the window is. */
  readonly #next: number[] = []
  readonly #literalOf: number[] = []
  readonly #offsetOf: number[] = []

  /**
   * @param literals No two are equal, none is empty.
   * @param numbers Indexes of those that are looked for.
   */
  constructor(literals: readonly Buffer[], numbers: readonly number[]) {
    this.#literals = literals
    const least = numbers.reduce((min, n) => Math.min(min, literals[n]!.length), Infinity)
    this.width = Math.min(gramBytes, least)
    this.mask = this.width === gramBytes ? -1 : (1 << (8 * this.width)) - 1
    this.step = least >= gramBytes + 3 ? 4 : least > gramBytes ? 2 : 1
    const windows = numbers.length * this.step
    let bytes = filterBytesMin
    while (bytes < windows * filterBytesEach && bytes < filterBytesMax) bytes *= 2
    this.filter = new Uint8Array(bytes)
    this.shift = 32 - Math.log2(bytes)
    let slots = 16
    while (slots < windows * 2) slots *= 2
    this.#keys = new Int32Array(slots)
    this.#heads = new Int32Array(slots).fill(-1)
    const common = this.#frequencies(numbers)
    for (const number of numbers) this.#add(number, common)
  }

  /** First entry of a window, -1 for none. */
  first(gram: number): number {
    return this.#heads[this.#slot(gram)]!
  }

  /** The entry after one of the same window, -1 for none. */
  next(entry: number): number {
    return this.#next[entry]!
  }

  literalOf(entry: number): number {
    return this.#literalOf[entry]!
  }

  /** Bytes of the literal before the window. */
  offsetOf(entry: number): number {
    return this.#offsetOf[entry]!
  }

  /** In how many literals each window occurs: the rarest tell them apart best. */
  #frequencies(numbers: readonly number[]): Map<number, number> {
    const common = new Map<number, number>()
    for (const n of numbers) {
      for (const gram of new Set(this.#windows(n))) common.set(gram, (common.get(gram) ?? 0) + 1)
    }
    return common
  }

  #windows(number: number): number[] {
    const bytes = this.#literals[number]!
    const count = bytes.length - this.width + 1
    return Array.from({ length: count }, (_, at) => gramAt(bytes, at, this.width))
  }

  /** Puts the windows of a literal at the offsets where they are rarest into the filter. */
  #add(number: number, common: ReadonlyMap<number, number>): void {
    const windows = this.#windows(number)
    const cost = windows.map((gram) => (common.get(gram) ?? 0) * commonness(gram, this.width))
    let best = 0
    let least = Infinity
    for (let at = 0; at + this.step <= windows.length; at++) {
      const sum = cost.slice(at, at + this.step).reduce((a, b) => a + b)
      if (sum < least) [best, least] = [at, sum]
    }
    for (let at = best; at < best + this.step; at++) this.#put(windows[at]!, number, at)
  }

  #put(gram: number, literal: number, offset: number): void {
    this.filter[Math.imul(gram, gramMultiplier) >>> this.shift] = 1
    const slot = this.#slot(gram)
    this.#keys[slot] = gram
    this.#next.push(this.#heads[slot]!)
    this.#literalOf.push(literal)
    this.#offsetOf.push(offset)
    this.#heads[slot] = this.#next.length - 1
  }

  /** Where a window is, or would be. The table is never more than half full. */
  #slot(gram: number): number {
    const mask = this.#keys.length - 1
    let slot = (Math.imul(gram, 0x85ebca6b) >>> 8) & mask
    while (this.#heads[slot]! >= 0 && this.#keys[slot] !== gram) slot = (slot + 1) & mask
    return slot
  }
}

/** Rough weight of a window in logs: letters, `/` and spaces are everywhere, digits less so and
 *  other signs are rare. Only speed depends on it. */
function commonness(gram: number, width: number): number {
  let weight = 1
  for (let i = 0; i < width; i++) {
    const byte = (gram >>> (8 * i)) & 255
    const small = byte | 0x20
    if (small >= 97 && small <= 122) weight *= /[jkqvwxyz]/.test(String.fromCharCode(small)) ? 3 : 8
    else if (byte >= 48 && byte <= 57) weight *= 3
    else if (byte === 47 || byte === 32 || byte === 46) weight *= 6
    else weight *= 2
  }
  return weight
}
