/** Finds many literals in a span of bytes at once. From each literal a few windows of four bytes are
 *  put into a bit filter; the scan loads four bytes at every second or fourth place, asks the filter
 *  and compares whole literals only where it says maybe. Steps do not wait for each other as those
 *  of an automaton do, and the filter fits the first-level cache however many literals there are.
 *  docs/how/rules-on-columns.md has the figures. What a hit means is the caller's. */
import { gramAt, PrefixTrie } from './prefix-trie.ts'

/** A text to be found, as UTF-8. */
export interface Literal {
  readonly bytes: Buffer
  /** It counts only at the start of the span. */
  readonly atStart: boolean
  /** It counts only at the end of the span. */
  readonly atEnd: boolean
}

/** Is told of every place where a literal stands. */
export interface HitSink {
  /** @param literal Its index in the list given. */
  hit(literal: number, at: number): void
}

/** Bytes of a window; shorter literals have windows as long as the shortest of them. */
const gramBytes = 4
/** Letters of ASCII become small; what else becomes equal is told apart by the comparison. */
const foldMask = 0x20202020
const filterBitsMax = 1 << 18
const filterBitsMin = 1 << 12
/** Bits per window: one false candidate in so many places. */
const filterBitsEach = 64

/** One search for all literals of one kind. */
export class LiteralScan {
  readonly #prefixes: PrefixTrie | null
  readonly #short: GramSet | null
  readonly #long: GramSet | null

  /**
   * @param literals No two are equal.
   * @param folded They are in small letters and digits of ASCII and found in any case; none stands
   *   at the start.
   */
  constructor(literals: readonly Literal[], folded: boolean) {
    const numbers = [...literals.keys()]
    const prefixes = numbers.filter((n) => literals[n]!.atStart)
    const floating = numbers.filter((n) => !literals[n]!.atStart)
    const short = floating.filter((n) => literals[n]!.bytes.length <= gramBytes)
    const long = floating.filter((n) => literals[n]!.bytes.length > gramBytes)
    this.#prefixes = prefixes.length === 0 ? null : new PrefixTrie(literals, prefixes)
    this.#short = short.length === 0 ? null : new GramSet(short, literals, folded)
    this.#long = long.length === 0 ? null : new GramSet(long, literals, folded)
  }

  /** Tells of the literals in `[from, to)`, of each once or more. `view` is over the same bytes. */
  scan(bytes: Buffer, view: DataView, from: number, to: number, sink: HitSink): void {
    this.#prefixes?.scan(bytes, view, from, to, sink)
    this.#short?.scan(bytes, view, from, to, sink)
    this.#long?.scan(bytes, view, from, to, sink)
  }
}

class GramSet {
  readonly #literals: readonly Literal[]
  readonly #folded: boolean
  /** Bytes of a window, and the bits of a four-byte load that they are. */
  readonly #width: number
  readonly #mask: number
  /** Places from one load to the next; each literal has windows at so many offsets in a row. */
  readonly #step: number
  readonly #filter: Int32Array
  readonly #shift: number
  /** Window → index into `#next` and the like, -1 at the end: an open-addressing table. */
  readonly #keys: Int32Array
  readonly #heads: Int32Array
  readonly #next: number[] = []
  readonly #literalOf: number[] = []
  readonly #offsetOf: number[] = []

  constructor(numbers: readonly number[], literals: readonly Literal[], folded: boolean) {
    this.#literals = literals
    this.#folded = folded
    const least = numbers.reduce((min, n) => Math.min(min, literals[n]!.bytes.length), Infinity)
    this.#width = Math.min(gramBytes, least)
    this.#mask = this.#width === gramBytes ? -1 : (1 << (8 * this.#width)) - 1
    this.#step = least >= gramBytes + 3 ? 4 : least > gramBytes ? 2 : 1
    const windows = numbers.length * this.#step
    let bits = filterBitsMin
    while (bits < windows * filterBitsEach && bits < filterBitsMax) bits *= 2
    this.#filter = new Int32Array(bits / 32)
    this.#shift = 32 - Math.log2(bits)
    let slots = 16
    while (slots < windows * 2) slots *= 2
    this.#keys = new Int32Array(slots)
    this.#heads = new Int32Array(slots).fill(-1)
    const common = this.#frequencies(numbers)
    for (const n of numbers) this.#add(n, common)
  }

  scan(bytes: Buffer, view: DataView, from: number, to: number, sink: HitSink): void {
    if (this.#width < gramBytes) return this.#scanShort(bytes, view, from, to, sink)
    const fold = this.#folded ? foldMask : 0
    const [filter, shift, step] = [this.#filter, this.#shift, this.#step]
    for (let at = from; at <= to - gramBytes; at += step) {
      const gram = view.getInt32(at, true) | fold
      const bit = Math.imul(gram, 0x9e3779b1) >>> shift
      if (((filter[bit >>> 5]! >>> (bit & 31)) & 1) === 0) continue
      this.#check(gram, bytes, at, from, to, sink)
    }
  }

  #scanShort(bytes: Buffer, view: DataView, from: number, to: number, sink: HitSink): void {
    const [width, mask, filter, shift] = [this.#width, this.#mask, this.#filter, this.#shift]
    const fold = this.#folded ? foldMask & mask : 0
    const whole = view.byteLength - gramBytes
    for (let at = from; at <= to - width; at++) {
      const load = at <= whole ? view.getInt32(at, true) : gramAt(bytes, at, width)
      const gram = (load & mask) | fold
      const bit = Math.imul(gram, 0x9e3779b1) >>> shift
      if (((filter[bit >>> 5]! >>> (bit & 31)) & 1) === 0) continue
      this.#check(gram, bytes, at, from, to, sink)
    }
  }

  #check(gram: number, bytes: Buffer, at: number, from: number, to: number, sink: HitSink): void {
    let entry = this.#heads[this.#slot(gram)]!
    for (; entry >= 0; entry = this.#next[entry]!) {
      const number = this.#literalOf[entry]!
      const start = at - this.#offsetOf[entry]!
      if (this.#stands(this.#literals[number]!, bytes, start, from, to)) sink.hit(number, start)
    }
  }

  #stands(literal: Literal, bytes: Buffer, start: number, from: number, to: number): boolean {
    const { length } = literal.bytes
    if (start < from || start + length > to) return false
    if (literal.atEnd && start + length !== to) return false
    if (this.#folded) return equalFolded(literal.bytes, bytes, start)
    for (let i = 0; i < length; i++) if (bytes[start + i] !== literal.bytes[i]) return false
    return true
  }

  /** In how many literals each window occurs: the rarest tell them apart best. */
  #frequencies(numbers: readonly number[]): Map<number, number> {
    const common = new Map<number, number>()
    for (const n of numbers) {
      for (const gram of new Set(this.#windows(this.#literals[n]!))) {
        common.set(gram, (common.get(gram) ?? 0) + 1)
      }
    }
    return common
  }

  #windows({ bytes }: Literal): number[] {
    const count = bytes.length - this.#width + 1
    return Array.from({ length: count }, (_, at) => this.#gram(bytes, at))
  }

  #gram(bytes: Buffer, at: number): number {
    return gramAt(bytes, at, this.#width) | (this.#folded ? foldMask & this.#mask : 0)
  }

  /** Puts the windows of a literal at the offsets where they are rarest into the filter. */
  #add(number: number, common: ReadonlyMap<number, number>): void {
    const windows = this.#windows(this.#literals[number]!)
    const cost = windows.map((gram) => (common.get(gram) ?? 0) * commonness(gram, this.#width))
    let best = 0
    let least = Infinity
    for (let at = 0; at + this.#step <= windows.length; at++) {
      const sum = cost.slice(at, at + this.#step).reduce((a, b) => a + b)
      if (sum < least) [best, least] = [at, sum]
    }
    for (let at = best; at < best + this.#step; at++) this.#put(windows[at]!, number, at)
  }

  #put(gram: number, literal: number, offset: number): void {
    const bit = Math.imul(gram, 0x9e3779b1) >>> this.#shift
    this.#filter[bit >>> 5]! |= 1 << (bit & 31)
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

/** A byte of ASCII in small letters. */
export function foldByte(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte
}

function equalFolded(literal: Buffer, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < literal.length; i++) {
    if (foldByte(bytes[start + i]!) !== literal[i]) return false
  }
  return true
}

/** Rough weight of a window in logs: letters, `/` and spaces are everywhere, digits less so and
 *  other signs are rare. Only speed depends on it. */
function commonness(gram: number, width: number): number {
  let weight = 1
  for (let i = 0; i < width; i++) {
    const byte = foldByte((gram >>> (8 * i)) & 255)
    if (byte >= 97 && byte <= 122) weight *= /[jkqvwxyz]/.test(String.fromCharCode(byte)) ? 3 : 8
    else if (byte >= 48 && byte <= 57) weight *= 3
    else if (byte === 47 || byte === 32 || byte === 46) weight *= 6
    else weight *= 2
  }
  return weight
}
