/** From positions in a decoded line back to bytes. The engine sees a line as the string that
 *  Node decodes, with U+FFFD for invalid bytes; columns point into the bytes themselves. */

/** Byte offset of each UTF-16 unit of a line, and of its end; null where both are the same. */
type UnitMap = Int32Array | null

/**
 * Maps units of `text` to byte offsets from `start`.
 * A line with as many units as bytes has one byte a unit: every longer sequence, valid or
 * replaced, has fewer units than bytes.
 * @param text The bytes as Node decodes them.
 */
export function unitMap(bytes: Buffer, start: number, end: number, text: string): UnitMap {
  if (text.length === end - start) return null
  const map = new Int32Array(text.length + 1)
  let at = start
  let unit = 0
  while (at < end) {
    const length = sequenceLength(bytes, at, end)
    map[unit++] = at - start
    // The low surrogate of a pair: no pattern stops before it, as RE2 sees whole code points.
    if (length === 4) map[unit++] = at - start
    at += length
  }
  map[unit] = end - start
  return map
}

/**
 * Bytes that decode to one character, or that one U+FFFD stands for: the longest part of the
 * sequence that could have begun a valid one (WHATWG Encoding, "utf-8 decoder"; Unicode 15, 3.9).
 * A truncated four-byte sequence gives at most 3, so 4 always means a surrogate pair.
 */
function sequenceLength(bytes: Buffer, at: number, end: number): number {
  const lead = bytes[at] ?? 0
  const needed = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1
  let length = 1
  while (length < needed && at + length < end) {
    const byte = bytes[at + length] ?? 0
    const low = length > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const high = length > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    if (byte < low || byte > high) break
    length += 1
  }
  return length
}
