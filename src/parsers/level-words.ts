/** The words of a log for its levels, compared as bytes: there are few, and none need become a string
 *  twice. What a word means is levels.ts. */
import { levels, type Level } from '../model/event.ts'

/** Words remembered; further ones are read each time. */
const wordsMax = 16
/** A longer word is read each time. */
const wordBytesMax = 64

export class LevelWords {
  readonly #read: (word: string) => Level | null
  readonly #words: { readonly bytes: Buffer; readonly code: number }[] = []

  /** @param read The level of a word; null when it is none. */
  constructor(read: (word: string) => Level | null) {
    this.#read = read
  }

  /** Index of the level in bytes [start, end), plus one; 0 when they name none. */
  code(bytes: Buffer, start: number, end: number): number {
    for (const known of this.#words) if (isSame(known.bytes, bytes, start, end)) return known.code
    const code = codeOf(this.#read(bytes.toString('utf8', start, end)))
    if (this.#words.length < wordsMax && end - start <= wordBytesMax) {
      this.#words.push({ bytes: Buffer.from(bytes.subarray(start, end)), code })
    }
    return code
  }
}

/** The code of a column of levels: 0 for none. */
export function codeOf(level: Level | null): number {
  return level === null ? 0 : levels.indexOf(level) + 1
}

function isSame(word: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (word.length !== end - start) return false
  for (let at = 0; at < word.length; at++) if (word[at] !== bytes[start + at]) return false
  return true
}
