/** A set of byte values: what a scanner may find at one place. Immutable. */

/** Inclusive. */
type Range = readonly [low: number, high: number]

export class ByteSet {
  /** Bit `byte & 31` of word `byte >> 5`. */
  readonly #words: Uint32Array

  private constructor(words: Uint32Array) {
    this.#words = words
  }

  static where(test: (byte: number) => boolean): ByteSet {
    const words = new Uint32Array(8)
    for (let byte = 0; byte < 256; byte++) {
      if (test(byte)) words[byte >> 5] = (words[byte >> 5] ?? 0) | (1 << (byte & 31))
    }
    return new ByteSet(words)
  }

  static single(byte: number): ByteSet {
    const words = new Uint32Array(8)
    words[byte >> 5] = 1 << (byte & 31)
    return new ByteSet(words)
  }

  static of(...bytes: readonly number[]): ByteSet {
    return ByteSet.where((byte) => bytes.includes(byte))
  }

  has(byte: number): boolean {
    return (((this.#words[byte >> 5] ?? 0) >>> (byte & 31)) & 1) === 1
  }

  or(other: ByteSet): ByteSet {
    return new ByteSet(this.#words.map((word, at) => word | (other.#words[at] ?? 0)))
  }

  not(): ByteSet {
    return new ByteSet(this.#words.map((word) => ~word))
  }

  meets(other: ByteSet): boolean {
    for (let at = 0; at < 8; at++) {
      if (((this.#words[at] ?? 0) & (other.#words[at] ?? 0)) !== 0) return true
    }
    return false
  }

  get size(): number {
    return this.ranges.reduce((sum, [low, high]) => sum + high - low + 1, 0)
  }

  /** The members as the fewest ranges, in order. */
  get ranges(): readonly Range[] {
    const ranges: [number, number][] = []
    for (let byte = 0; byte < 256; byte++) {
      if (!this.has(byte)) continue
      const last = ranges.at(-1)
      if (last?.[1] === byte - 1) last[1] = byte
      else ranges.push([byte, byte])
    }
    return ranges
  }

  /** 1 for each member. */
  get table(): Uint8Array {
    return Uint8Array.from({ length: 256 }, (_, byte) => (this.has(byte) ? 1 : 0))
  }

  /** Equal for equal sets. */
  get key(): string {
    return this.#words.join()
  }
}

export const noBytes = ByteSet.of()
export const allBytes = noBytes.not()
/** The bytes of which characters beyond ASCII, and invalid ones, are made. */
export const beyondAscii = ByteSet.where((byte) => byte >= 128)
