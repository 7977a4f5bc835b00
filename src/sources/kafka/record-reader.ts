/** Reads the records of one batch, one after the other, out of its unpacked bytes. Their keys, values
 *  and headers are views of those bytes. Format: kafka.apache.org/documentation/#record. */

/** Headers of one record that are kept; the bytes of others are passed over. */
const headersMax = 1_000

/** A record; times and offsets are relative to those of its batch. */
export interface RawRecord {
  readonly timeDelta: bigint
  readonly offsetDelta: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** A name that is given again has all its values. */
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>
}

export class RecordReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /**
   * @param least Offset, relative to that of the batch, of the first record that is of interest.
   * @returns null when the record lies before it. @throws RangeError when the record is broken.
   */
  next(least: number): RawRecord | null {
    const length = this.#int()
    const end = this.#at + length
    if (length <= 0 || end > this.#bytes.length) throw new RangeError('a record is cut off')
    // One byte of attributes, without any meaning so far.
    this.#at += 1
    const timeDelta = this.#long()
    const offsetDelta = this.#int()
    if (offsetDelta < least) {
      this.#at = end
      return null
    }
    const key = this.#part(end)
    const value = this.#part(end)
    const headers = this.#headers(end)
    this.#at = end
    return { timeDelta, offsetDelta, key, value, headers }
  }

  #headers(end: number): RawRecord['headers'] {
    const count = this.#int()
    if (count <= 0) return {}
    // A map first: a header may be called `__proto__`.
    const headers = new Map<string, Buffer | Buffer[]>()
    for (let i = 0; i < Math.min(count, headersMax); i++) {
      const name = this.#part(end)?.toString() ?? ''
      const value = this.#part(end)
      if (value === null) continue
      const before = headers.get(name)
      if (before === undefined) headers.set(name, value)
      else headers.set(name, Array.isArray(before) ? [...before.slice(-9), value] : [before, value])
    }
    return Object.fromEntries(headers)
  }

  /** Bytes with their length before them; null when there are none at all. */
  #part(end: number): Buffer | null {
    const length = this.#int()
    if (length < 0) return null
    const from = this.#at
    if (from + length > end) throw new RangeError('a part of a record is longer than the record')
    this.#at = from + length
    return this.#bytes.subarray(from, this.#at)
  }

  /** A number in zigzag form, up to 32 bits. */
  #int(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw new RangeError('a number is longer than five bytes')
  }

  /** The same up to 64 bits. */
  #long(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return (value >> 1n) ^ -(value & 1n)
    }
    throw new RangeError('a number is longer than ten bytes')
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new RangeError('the records end too early')
    this.#at += 1
    return byte
  }
}
