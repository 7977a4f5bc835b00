/** What is known of messages, by their bytes, so that a message of a known kind becomes no string.
 *  Messages that differ in plain numbers only are one: digits after a space or bracket and before
 *  what ends a number are masked alike whatever they are, as long as there are as many of them and the
 *  first stays zero or not (masks.ts looks at no more of digits than that). */

/** Longer messages, or exceptions, are not remembered. */
export const memoBytesMax = 1_024
/** Messages remembered; all are forgotten when there are more, or when they take too many bytes. */
const entriesMax = 4_096
const bytesMax = 1_048_576
/** Entries of one hash that are looked at: chosen messages cost no more than new ones. */
const probesMax = 16
/** Room for the message in hand, and for loads beyond it. */
const handBytes = 2 * memoBytesMax + 8

/** Digits of a plain number: of more, some pattern of masks.ts might take four, and what is left be
 *  judged by its first. */
const digitsMax = 11

const ZERO = 0x30
const ONE = 0x31
const highs = 0x80808080 | 0

/** What stands before a digit where it begins a token, and after one where its token is a plain
 *  number, see `Scan` in mask.ts. */
const before = table(' (')
const after = table(' )]}(=;|>')

function table(characters: string): Uint8Array {
  const set = new Uint8Array(256)
  for (const character of characters) set[character.charCodeAt(0)] = 1
  return set
}

export class ByteMemo<V> {
  /** Entry + 1; 0 where free. */
  readonly #slots = new Int32Array(entriesMax * 2)
  readonly #hashes = new Int32Array(entriesMax)
  readonly #starts = new Int32Array(entriesMax + 1)
  /** Where the exception of an entry begins. */
  readonly #splits = new Int32Array(entriesMax)
  readonly #values: V[] = []
  #bytes = Buffer.alloc(bytesMax >> 4)
  #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
  #hash = 0
  #end = 0
  #split = 0

  /** Takes a message in [from, to) in hand, at most `memoBytesMax` long. */
  message(bytes: Buffer, view: DataView, from: number, to: number): void {
    const start = this.#starts[this.#values.length]!
    if (start + handBytes > this.#bytes.length) this.#grow()
    this.#hash = 0
    this.#end = this.#starts[this.#values.length]!
    this.#put(bytes, view, from, to)
    this.#split = this.#end
  }

  /** Adds the exception that the message came with, of which `isMemoName` holds. */
  exception(bytes: Buffer, view: DataView, from: number, to: number): void {
    this.#put(bytes, view, from, to)
  }

  /** What is remembered of what is in hand; undefined when it is not remembered. */
  find(): V | undefined {
    const mask = this.#slots.length - 1
    const hash = this.#hash
    for (let probe = 0, slot = hash & mask; probe < probesMax; probe++, slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1
      if (entry < 0) return undefined
      if (this.#hashes[entry] === hash && this.#isInHand(entry)) return this.#values[entry]
    }
    return undefined
  }

  /** Remembers a value of what is in hand. */
  add(value: V): void {
    const entry = this.#values.length
    const mask = this.#slots.length - 1
    const hash = this.#hash
    for (let probe = 0, slot = hash & mask; probe < probesMax; probe++, slot = (slot + 1) & mask) {
      if (this.#slots[slot] !== 0) continue
      this.#slots[slot] = entry + 1
      this.#hashes[entry] = hash
      this.#splits[entry] = this.#split
      this.#starts[entry + 1] = this.#end
      this.#values.push(value)
      break
    }
    if (this.#values.length === entriesMax) this.#forget()
  }

  #isInHand(entry: number): boolean {
    const start = this.#starts[entry]!
    const hand = this.#starts[this.#values.length]!
    const length = this.#end - hand
    if (this.#starts[entry + 1]! - start !== length) return false
    if (this.#splits[entry]! - start !== this.#split - hand) return false
    const view = this.#view
    let at = 0
    for (; at + 4 <= length; at += 4) {
      if (view.getInt32(start + at, true) !== view.getInt32(hand + at, true)) return false
    }
    for (; at < length; at++) if (this.#bytes[start + at] !== this.#bytes[hand + at]) return false
    return true
  }

  /** Appends bytes to what is in hand, four at a time where there are no digits. */
  #put(bytes: Buffer, view: DataView, from: number, to: number): void {
    const into = this.#view
    let hash = this.#hash
    let out = this.#end
    let at = from
    while (at < to) {
      if (at + 4 <= to) {
        const word = view.getInt32(at, true)
        const digits = word ^ 0x30303030
        if (((digits - 0x0a0a0a0a) & ~digits & highs) === 0) {
          into.setInt32(out, word, true)
          hash = Math.imul(hash ^ word, 0x85ebca6b)
          hash ^= hash >>> 13
          at += 4
          out += 4
          continue
        }
      }
      // A byte that is no digit, or a run of digits.
      const end = digitsEnd(bytes, at, to)
      const first = bytes[at]!
      const plain = end > at && isPlain(bytes, from, at, end, to)
      const next = Math.max(end, at + 1)
      for (let place = at; place < next; place++) {
        const byte = plain && (place > at || first !== ZERO) ? ONE : bytes[place]!
        into.setUint8(out++, byte)
        hash = Math.imul(hash ^ byte, 0x85ebca6b)
      }
      hash ^= hash >>> 13
      at = next
    }
    this.#hash = hash
    this.#end = out
  }

  /** Makes room for more; there is a bound to that, and then all are forgotten. */
  #grow(): void {
    if (this.#bytes.length >= bytesMax) return this.#forget()
    const larger = Buffer.alloc(this.#bytes.length * 2)
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer, larger.byteOffset, larger.byteLength)
  }

  #forget(): void {
    this.#slots.fill(0)
    this.#values.length = 0
  }
}

/** True when an exception can be remembered with a message: with digits in it, whether the message
 *  names it would depend on what is left out here. */
export function isMemoName(bytes: Buffer, from: number, to: number): boolean {
  if (to - from > memoBytesMax) return false
  for (let at = from; at < to; at++) if (digitsEnd(bytes, at, to) > at) return false
  return true
}

function digitsEnd(bytes: Buffer, at: number, to: number): number {
  let end = at
  while (end < to && bytes[end]! >= ZERO && bytes[end]! <= ZERO + 9) end += 1
  return end
}

/** True when digits in [at, end) of a message are masked alike whatever they are. */
function isPlain(bytes: Buffer, from: number, at: number, end: number, to: number): boolean {
  return (
    end - at <= digitsMax &&
    (at === from || before[bytes[at - 1]!] === 1) &&
    (end === to || after[bytes[end]!] === 1)
  )
}
