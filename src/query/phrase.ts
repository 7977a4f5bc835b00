/** Words in a row, told by their bytes as match.ts tells them by their letters: runs of letters and
 *  digits in any case, with anything else between. */

/**
 * Looks at what stands around a place where one of the words does.
 * @param words In small letters and digits of ASCII.
 * @param anchor Which of them stands at `at`.
 * @returns null when bytes beyond ASCII, which may be letters, leave it open.
 */
export function phraseAt(
  words: readonly Buffer[],
  anchor: number,
  bytes: Buffer,
  at: number,
  from: number,
  to: number,
): boolean | null {
  const before = standsAlone(bytes, at - 1, from, to)
  if (before !== true) return before
  let end = at + words[anchor]!.length
  const after = standsAlone(bytes, end, from, to)
  if (after !== true) return after
  for (let next = anchor + 1; next < words.length; next++) {
    const word = words[next]!
    while (end < to && isGap(bytes[end]!)) end++
    const found = wordAt(word, bytes, end, from, to)
    if (found !== true) return found
    end += word.length
  }
  let start = at
  for (let last = anchor - 1; last >= 0; last--) {
    const word = words[last]!
    while (start > from && isGap(bytes[start - 1]!)) start--
    if (start > from && bytes[start - 1]! >= 0x80) return null
    start -= word.length
    const found = wordAt(word, bytes, start, from, to)
    if (found !== true) return found
  }
  return true
}

/** Whether a whole word stands at a place. */
function wordAt(word: Buffer, bytes: Buffer, at: number, from: number, to: number): boolean | null {
  if (at < from) return false
  if (at < to && bytes[at]! >= 0x80) return null
  if (at + word.length > to) return false
  for (let i = 0; i < word.length; i++) {
    if (foldByte(bytes[at + i]!) !== word[i]) return false
  }
  const before = standsAlone(bytes, at - 1, from, to)
  return before === true ? standsAlone(bytes, at + word.length, from, to) : before
}

/** True when no letter or digit is at a place; null when there may be one beyond ASCII. */
function standsAlone(bytes: Buffer, at: number, from: number, to: number): boolean | null {
  if (at < from || at >= to) return true
  const byte = bytes[at]!
  return byte >= 0x80 ? null : isGap(byte)
}

/** No letter, no digit, and nothing beyond ASCII. */
function isGap(byte: number): boolean {
  const folded = foldByte(byte)
  return byte < 0x80 && !(folded >= 97 && folded <= 122) && !(byte >= 48 && byte <= 57)
}

/** A byte of ASCII in small letters. */
function foldByte(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte
}
