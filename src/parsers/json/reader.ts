/** One line of JSON → its leaves, straight from bytes, in linear time and bounded depth. Accepts
 *  exactly the objects that JSON.parse accepts, down to `depthMax`; why another line is none is said by
 *  fault.ts. Not JSON.parse, which wants a string, makes objects that would only be taken apart again,
 *  and alters numbers such as 2^53 + 1. */
import { exactNumber, stringEnd } from './bytes.ts'
import { leafKind, type Leaves } from './leaves.ts'
import type { Key, LeafName, ObjectKeys, Shapes } from './shapes.ts'

/** Objects and arrays inside each other; a deeper line is unparsed. */
export const depthMax = 32

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const COLON = 0x3a
const ZERO = 0x30
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const PLUS = 0x2b
const SMALL_E = 0x65

/** Digits that a double always holds. */
const exactDigits = 15
const powers = Float64Array.from({ length: exactDigits + 1 }, (_, n) => 10 ** n)
/** `true` and `null`, and `alse`, as stringEnd has four bytes. */
const TRUE = 0x65757274
const NULL = 0x6c6c756e
const ALSE = 0x65736c61

const noBytes = Buffer.alloc(0)
const noView = new DataView(new ArrayBuffer(0))

export class LineReader {
  readonly #shapes: Shapes
  readonly #leaves: Leaves
  #bytes: Buffer = noBytes
  #view: DataView = noView
  /** Position after the key that was read last. */
  #after = 0

  constructor(shapes: Shapes, leaves: Leaves) {
    this.#shapes = shapes
    this.#leaves = leaves
  }

  /** @param bytes The text of the lines to come, with `padding` bytes of LF after it. */
  begin(bytes: Buffer, view: DataView): void {
    this.#bytes = bytes
    this.#view = view
  }

  /** Lets go of the text. */
  end(): void {
    this.begin(noBytes, noView)
  }

  /** Reads the line [start, end) into the leaves; false when it is no JSON object. */
  read(start: number, end: number): boolean {
    this.#leaves.clear()
    let at = this.#skip(start)
    if (at >= end || this.#bytes[at] !== OPEN_OBJECT) return false
    at = this.#object(at + 1, this.#shapes.root, 1)
    while (at >= 0 && at < end && isSpace(this.#bytes[at]!)) at += 1
    return at === end
  }

  /** Position of the next byte that is no white space; LF ends every line, so is none. */
  #skip(at: number): number {
    while (isSpace(this.#bytes[at]!)) at += 1
    return at
  }

  /** Reads an object from after its bracket. @returns The position after it; -1 for a fault. */
  #object(from: number, object: ObjectKeys, depth: number): number {
    const bytes = this.#bytes
    let at = from
    let byte = bytes[at]!
    if (byte <= 0x20) byte = bytes[(at = this.#skip(at))]!
    if (byte === CLOSE_OBJECT) return at + 1
    let before = object.head
    for (;;) {
      if (byte !== QUOTE) return -1
      const key = this.#key(at + 1, object, before)
      if (key === null) return -1
      before = key
      at = this.#after
      if (bytes[at] !== COLON && bytes[(at = this.#skip(at))] !== COLON) return -1
      at = this.#value(at + 1, key, depth)
      if (at < 0) return -1
      byte = bytes[at]!
      if (byte <= 0x20) byte = bytes[(at = this.#skip(at))]!
      if (byte === CLOSE_OBJECT) return at + 1
      if (byte !== COMMA) return -1
      byte = bytes[++at]!
      if (byte <= 0x20) byte = bytes[(at = this.#skip(at))]!
    }
  }

  /** The key whose first byte is at `at`; null when it is no string. */
  #key(at: number, object: ObjectKeys, before: Key): Key | null {
    const view = this.#view
    const { next, other } = before
    if (next?.standsAt(view, at) === true) {
      this.#after = at + next.length
      return next
    }
    let key = other
    if (key?.standsAt(view, at) === true) this.#after = at + key.length
    else {
      const end = stringEnd(this.#bytes, view, at)
      if (end === -1) return null
      const to = end < 0 ? -2 - end : end
      this.#after = to + 1
      key = this.#shapes.find(object, this.#bytes, view, at, to, end < 0)
      if (!key.kept) return key
    }
    before.other = next
    before.next = key
    return key
  }

  #value(from: number, key: Key, depth: number): number {
    const bytes = this.#bytes
    let at = from
    let byte = bytes[at]!
    if (byte <= 0x20) byte = bytes[(at = this.#skip(at))]!
    const { name } = key
    if (name === null) return this.#ignored(at, byte, depth)
    if (byte === QUOTE) {
      const end = stringEnd(bytes, this.#view, at + 1)
      if (end >= 0) {
        this.#leaves.add(name, leafKind.text, at + 1, end, NaN)
        return end + 1
      }
      if (end === -1) return -1
      this.#leaves.add(name, leafKind.escaped, at + 1, -2 - end, NaN)
      return -1 - end
    }
    if (byte === OPEN_OBJECT) {
      const object = this.#shapes.inner(key)
      if (object === null || depth >= depthMax) return -1
      return this.#object(at + 1, object, depth + 1)
    }
    if (byte === OPEN_LIST) {
      const end = this.#list(at + 1, depth + 1)
      if (end >= 0) this.#leaves.add(name, leafKind.text, at, end, NaN)
      return end
    }
    const end = this.#word(at)
    if (end < 0) return this.#number(at, byte, name)
    if (byte !== 0x6e) this.#leaves.add(name, leafKind.text, at, end, NaN)
    return end
  }

  /** Reads a value that nothing is kept of. */
  #ignored(at: number, byte: number, depth: number): number {
    if (byte === QUOTE) {
      const end = stringEnd(this.#bytes, this.#view, at + 1)
      return end >= 0 ? end + 1 : end === -1 ? -1 : -1 - end
    }
    if (byte === OPEN_OBJECT) return this.#ignoredObject(at + 1, depth + 1)
    if (byte === OPEN_LIST) return this.#list(at + 1, depth + 1)
    const end = this.#word(at)
    return end < 0 ? this.#number(at, byte, null) : end
  }

  #ignoredObject(from: number, depth: number): number {
    if (depth > depthMax) return -1
    const bytes = this.#bytes
    let at = this.#skip(from)
    if (bytes[at] === CLOSE_OBJECT) return at + 1
    for (;;) {
      if (bytes[at] !== QUOTE) return -1
      at = this.#ignored(at, QUOTE, depth)
      if (at < 0 || bytes[(at = this.#skip(at))] !== COLON) return -1
      at = this.#skip(at + 1)
      at = this.#ignored(at, bytes[at]!, depth)
      if (at < 0) return -1
      at = this.#skip(at)
      if (bytes[at] === CLOSE_OBJECT) return at + 1
      if (bytes[at] !== COMMA) return -1
      at = this.#skip(at + 1)
    }
  }

  #list(from: number, depth: number): number {
    if (depth > depthMax) return -1
    const bytes = this.#bytes
    let at = this.#skip(from)
    if (bytes[at] === CLOSE_LIST) return at + 1
    for (;;) {
      at = this.#ignored(at, bytes[at]!, depth)
      if (at < 0) return -1
      at = this.#skip(at)
      if (bytes[at] === CLOSE_LIST) return at + 1
      if (bytes[at] !== COMMA) return -1
      at = this.#skip(at + 1)
    }
  }

  /** Position after `true`, `false` or `null`; -1 when none of them stands here. */
  #word(at: number): number {
    const word = this.#view.getInt32(at, true)
    if (word === TRUE || word === NULL) return at + 4
    return this.#bytes[at] === 0x66 && this.#view.getInt32(at + 1, true) === ALSE ? at + 5 : -1
  }

  /** Reads a number, or its text where a double would alter it. */
  #number(from: number, first: number, name: LeafName | null): number {
    const bytes = this.#bytes
    const negative = first === MINUS
    const whole = negative ? from + 1 : from
    let at = whole
    let value = 0
    let digit: number
    while ((digit = bytes[at]! - ZERO) >= 0 && digit <= 9) {
      value = value * 10 + digit
      at += 1
    }
    let digits = at - whole
    if (digits === 0 || (digits > 1 && bytes[whole] === ZERO)) return -1
    let decimals = 0
    if (bytes[at] === DOT) {
      const fraction = ++at
      while ((digit = bytes[at]! - ZERO) >= 0 && digit <= 9) {
        value = value * 10 + digit
        at += 1
      }
      decimals = at - fraction
      if (decimals === 0) return -1
      digits += decimals
    }
    const exponent = (bytes[at]! | 0x20) === SMALL_E
    if (exponent) {
      at += 1
      if (bytes[at] === PLUS || bytes[at] === MINUS) at += 1
      const power = at
      while ((digit = bytes[at]! - ZERO) >= 0 && digit <= 9) at += 1
      if (at === power) return -1
    }
    if (name === null) return at
    if (exponent || digits > exactDigits) return this.#longNumber(from, at, name)
    // Both are exact doubles, so that the quotient is the nearest double.
    if (decimals > 0) value /= powers[decimals]!
    // A number is written without zeros at its end, and below a millionth with an exponent.
    const written = value === 0 ? !negative && decimals === 0 : decimals === 0 || (bytes[at - 1] !== ZERO && value >= 1e-6) // prettier-ignore
    const signed = negative && value !== 0 ? -value : value
    this.#leaves.add(name, written ? leafKind.number : leafKind.otherNumber, from, at, signed)
    return at
  }

  #longNumber(from: number, to: number, name: LeafName): number {
    const exact = exactNumber(this.#bytes.toString('latin1', from, to))
    if (typeof exact === 'string') this.#leaves.add(name, leafKind.text, from, to, NaN)
    else this.#leaves.add(name, leafKind.otherNumber, from, to, exact)
    return to
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d
}
