/** The smallest parts of JSON, straight from bytes: where a string ends, what is written in it, and
 *  numbers. A text that is read here has at least `padding` bytes of LF after it, which is in no part,
 *  so that nothing asks whether the text has ended. */

/** Bytes after the text that may be looked at. */
export const padding = 16

const QUOTE = 0x22
const BACKSLASH = 0x5c
const U = 0x75
const ones = 0x01010101
const highs = 0x80808080 | 0

/**
 * Where a string ends: four bytes at a time are searched for a quote, a backslash or a control
 * character (Warren, Hacker's Delight, 6-1).
 * @param at The first byte after its opening quote.
 * @returns Position of its closing quote; -2 - position when there are escapes before it; -1 when it
 *   is no string.
 */
export function stringEnd(bytes: Buffer, view: DataView, at: number): number {
  let escaped = false
  for (;;) {
    const word = view.getInt32(at, true)
    const quote = word ^ 0x22222222
    const backslash = word ^ 0x5c5c5c5c
    const hit =
      (((quote - ones) & ~quote) |
        ((backslash - ones) & ~backslash) |
        ((word - 0x20202020) & ~word)) &
      highs
    if (hit === 0) {
      at += 4
      continue
    }
    // The lowest hit is never an error of the borrow, which goes upwards.
    at += (31 - Math.clz32(hit & -hit)) >> 3
    const found = bytes[at]!
    if (found === QUOTE) return escaped ? -2 - at : at
    if (found !== BACKSLASH) return -1
    escaped = true
    at = escapeEnd(bytes, at)
    if (at < 0) return -1
  }
}

/** The byte after the escape that begins at `at`; -1 when it is none. */
function escapeEnd(bytes: Buffer, at: number): number {
  const letter = bytes[at + 1]!
  if (letter !== U) return simpleEscapes[letter] === 0 ? -1 : at + 2
  for (let digit = at + 2; digit < at + 6; digit++) if (hexDigits[bytes[digit]!]! < 0) return -1
  return at + 6
}

/** Letter after a backslash → the byte that it stands for; 0 where it stands for none. */
const simpleEscapes = new Uint8Array(256)
for (const [letter, value] of Object.entries({
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
})) {
  simpleEscapes[letter.charCodeAt(0)] = value.charCodeAt(0)
}

const hexDigits = new Int8Array(256).fill(-1)
for (const digit of '0123456789abcdefABCDEF') {
  hexDigits[digit.charCodeAt(0)] = Number.parseInt(digit, 16)
}

/**
 * Writes the text of a string with escapes as UTF-8.
 * @param bytes The content of a string that `stringEnd` has found in [from, to).
 * @param target Has room for as many bytes; may be the same memory, elsewhere.
 * @returns The end in `target`; -1 when there is half a surrogate pair, which UTF-8 cannot say.
 */
export function unescapeInto(
  bytes: Buffer,
  from: number,
  to: number,
  target: Buffer,
  out: number,
): number {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte !== BACKSLASH) {
      target[out++] = byte
      continue
    }
    at += 1
    const letter = bytes[at]!
    if (letter !== U) {
      target[out++] = simpleEscapes[letter]!
      continue
    }
    let code = codeUnit(bytes, at + 1)
    at += 4
    if (code >= 0xd800 && code <= 0xdfff) {
      const paired =
        code < 0xdc00 && at + 6 < to && bytes[at + 1] === BACKSLASH && bytes[at + 2] === U
      const low = paired ? codeUnit(bytes, at + 3) : 0
      if (low < 0xdc00 || low > 0xdfff) return -1
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
      at += 6
    }
    out = putCharacter(target, out, code)
  }
  return out
}

function codeUnit(bytes: Buffer, at: number): number {
  let code = 0
  for (let digit = at; digit < at + 4; digit++) code = (code << 4) | hexDigits[bytes[digit]!]!
  return code
}

function putCharacter(target: Buffer, out: number, code: number): number {
  if (code < 0x80) {
    target[out] = code
    return out + 1
  }
  const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3
  target[out] = (code >> (6 * more)) | (more === 1 ? 0xc0 : more === 2 ? 0xe0 : 0xf0)
  for (let n = 1; n <= more; n++) target[out + n] = ((code >> (6 * (more - n))) & 0x3f) | 0x80
  return out + more + 1
}

/**
 * The value of a number as JSON writes it.
 * @returns The text itself where a double would alter it: doubles hold every number of up to 15
 *   digits in their normal range, and every safe integer.
 */
export function exactNumber(text: string): string | number {
  const value = Number(text)
  const digits = /^-?0*\.?0*([\d.]*)/.exec(text)?.[1]?.replace('.', '') ?? ''
  if (digits === '') return 0
  const normal = Number.isFinite(value) && Math.abs(value) >= 2.3e-308
  const exact = digits.length <= 15 || Number.isSafeInteger(value) || String(value) === text
  return normal && exact ? value : text
}
