/** Whole values → numbers, looked up by their bytes in one hash table: equality for any number of
 *  rules at the price of one. */

/** Hash of the bytes in `[from, to)`, four at a time; `view` is over the same bytes. */
export function hashBytes(bytes: Buffer, view: DataView, from: number, to: number): number {
  const length = to - from
  let hash = Math.imul(length + 1, 0x85ebca6b)
  const whole = to - 4
  let at = from
  for (; at <= whole; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

export class ExactValues {
  readonly #values: readonly Buffer[]
  readonly #hashes: Int32Array
  /** Index into the values + 1; 0 where free. At most half full. */
  readonly #slots: Int32Array

  /** @param values Distinct. */
  constructor(values: readonly Buffer[]) {
    this.#values = values
    let slots = 16
    while (slots < values.length * 2) slots *= 2
    this.#slots = new Int32Array(slots)
    this.#hashes = Int32Array.from(values, (value) => {
      const view = new DataView(value.buffer, value.byteOffset, value.length)
      return hashBytes(value, view, 0, value.length)
    })
    for (const [index, hash] of this.#hashes.entries()) {
      let slot = hash & (slots - 1)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slots - 1)
      this.#slots[slot] = index + 1
    }
  }

  get size(): number {
    return this.#values.length
  }

  /** Index of the value in `[from, to)`, whose hash is known; -1 when it is none of them. */
  find(bytes: Buffer, from: number, to: number, hash: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = this.#slots[slot]! - 1
      if (index < 0) return -1
      if (this.#hashes[index] === hash && equalBytes(this.#values[index]!, bytes, from, to)) {
        return index
      }
    }
  }
}

function equalBytes(value: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (value.length !== to - from) return false
  for (let i = 0; i < value.length; i++) if (value[i] !== bytes[from + i]) return false
  return true
}
