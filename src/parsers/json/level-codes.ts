/** Words and numbers for severities → codes of a column of levels. The few words of a log are
 *  compared as bytes; a new one is asked of levels.ts. */
import { levels, type Level } from '../../model/event.ts'
import { toLevel } from '../levels.ts'
import { leafKind, type Leaves } from './leaves.ts'

/** Words remembered; further ones are read each time. */
const wordsMax = 16

export class LevelCodes {
  readonly #words: { readonly bytes: Buffer; readonly code: number }[] = []

  /** Index of the level that a leaf names, plus one; 0 when it names none. */
  of(leaves: Leaves, index: number, bytes: Buffer): number {
    const kind = leaves.kinds[index]!
    if (kind !== leafKind.text) return codeOf(toLevel(leaves.value(index, bytes)))
    const [start, end] = [leaves.starts[index]!, leaves.ends[index]!]
    for (const known of this.#words) {
      if (isSame(known.bytes, bytes, start, end)) return known.code
    }
    const code = codeOf(toLevel(bytes.toString('utf8', start, end)))
    if (code > 0 && this.#words.length < wordsMax) {
      this.#words.push({ bytes: Buffer.from(bytes.subarray(start, end)), code })
    }
    return code
  }
}

function codeOf(level: Level | null): number {
  return level === null ? 0 : levels.indexOf(level) + 1
}

function isSame(word: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (word.length !== end - start) return false
  for (let at = 0; at < word.length; at++) if (word[at] !== bytes[start + at]) return false
  return true
}
