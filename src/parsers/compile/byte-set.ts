/** A set of byte values: what a scanner may find at one place. Immutable. */

/** Inclusive. */
export type Range = readonly [low: number, high: number]

export class ByteSet {
  readonly #members: Uint8Array

  private constructor(members: Uint8Array) {
    this.#members = members
  }

  static where(test: (byte: number) => boolean): ByteSet {
    return new ByteSet(Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0)))
  }

  static of(...bytes: readonly number[]): ByteSet {
    return ByteSet.where((byte) => bytes.includes(byte))
  }

  has(byte: number): boolean {
    return this.#members[byte] === 1
  }

  or(other: ByteSet): ByteSet {
    return ByteSet.where((byte) => this.has(byte) || other.has(byte))
  }

  not(): ByteSet {
    return ByteSet.where((byte) => !this.has(byte))
  }

  meets(other: ByteSet): boolean {
    return this.#members.some((member, byte) => member === 1 && other.has(byte))
  }

  /** Has a byte that belongs to a character beyond ASCII. */
  get beyond(): boolean {
    return this.#members.indexOf(1, 128) >= 0
  }

  get size(): number {
    return this.#members.reduce((sum, member) => sum + member, 0)
  }

  /** The members as the fewest ranges, in order. */
  get ranges(): readonly Range[] {
    const ranges: [number, number][] = []
    for (let byte = 0; byte < 256; byte++) {
      if (!this.has(byte)) continue
      const last = ranges.at(-1)
      if (last !== undefined && last[1] === byte - 1) last[1] = byte
      else ranges.push([byte, byte])
    }
    return ranges
  }

  /** 1 for each member; a copy. */
  get table(): Uint8Array {
    return this.#members.slice()
  }

  /** Equal for equal sets. */
  get key(): string {
    return this.ranges.join(' ')
  }
}

/** LF never stands in a line, so that whether a set has it makes no difference. */
export const noBytes = ByteSet.of()
export const allBytes = noBytes.not()
/** The bytes of which characters beyond ASCII, and invalid ones, are made. */
export const beyondAscii = ByteSet.where((byte) => byte >= 128)
