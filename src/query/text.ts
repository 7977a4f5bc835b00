/** The lowest layer of reading a query: a cursor over its characters, values with their escapes,
 *  and faults that name the column. Knows nothing of AND and OR. */
import { LastpushError } from '../model/errors.ts'

/** Longest query, characters. */
export const queryCharsMax = 8_192

/** A value as it was written, with what its wildcards and escapes mean. */
export interface Written {
  /** Position of its first character. */
  readonly at: number
  /** Without escapes and quotes. */
  readonly text: string
  /** Escaped so that only true wildcards are bare: `\` takes the next character as it is. */
  readonly pattern: string
  readonly quoted: boolean
  readonly wild: boolean
}

/** @returns The fault of a query at a position (characters from 0) of its text. */
export function queryFault(text: string, at: number, message: string): LastpushError {
  const column = [...text.slice(0, at)].length + 1
  return new LastpushError('QUERY_INVALID', `query, column ${column}: ${message}`, {
    faults: [{ place: { file: 'query', line: 1, column }, message }],
  })
}

/** A place in the text of a query. */
export class Cursor {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  get rest(): string {
    return this.text.slice(this.at)
  }

  get done(): boolean {
    return this.at >= this.text.length
  }

  /** The character ahead, '' at the end. */
  get next(): string {
    return this.text.charAt(this.at)
  }

  skipSpace(): void {
    while (/\s/.test(this.next)) this.at += 1
  }

  /** Takes the text if it stands ahead. */
  take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false
    this.at += text.length
    return true
  }

  /** Takes a word in capitals such as AND if it stands ahead as a word of its own. */
  takeWord(word: string): boolean {
    if (!this.seesWord(word)) return false
    this.at += word.length
    return true
  }

  seesWord(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false
    const after = this.text.charAt(this.at + word.length)
    return after === '' || /[\s()"]/.test(after)
  }

  fault(message: string, at = this.at): LastpushError {
    return queryFault(this.text, at, message)
  }
}

/** Reads `"…"`; the cursor stands on the opening quote. */
export function readQuoted(cursor: Cursor): Written {
  const at = cursor.at
  let text = ''
  for (cursor.at += 1; !cursor.done; cursor.at += 1) {
    if (cursor.next === '"') {
      cursor.at += 1
      refuseSuffix(cursor)
      return { at, text, pattern: escapePattern(text), quoted: true, wild: false }
    }
    text += readCharacter(cursor)
  }
  throw cursor.fault('this quote is not closed; add a " at the end of the phrase', at)
}

/** Reads a value without quotes, up to a space or parenthesis, or a character of `ends`. */
export function readBare(cursor: Cursor, ends = ''): Written {
  const at = cursor.at
  let text = ''
  let pattern = ''
  let wild = false
  for (; !cursor.done && !isEnd(cursor.next, ends); cursor.at += 1) {
    if (cursor.next === '"' || cursor.next === '(') {
      throw cursor.fault(`put a \\ before this ${cursor.next}, or quotes around the whole value`)
    }
    const bare = cursor.next !== '\\'
    const character = readCharacter(cursor)
    const isWild = bare && (character === '*' || character === '?')
    if (isWild) wild = true
    text += character
    pattern += isWild ? character : escapePattern(character)
  }
  refuseFuzzy(cursor, at)
  return { at, text, pattern, quoted: false, wild }
}

/** Text in which every wildcard is taken as it is. */
export function escapePattern(text: string): string {
  return text.replace(/[\\*?]/g, '\\$&')
}

function isEnd(character: string, ends: string): boolean {
  return /\s/.test(character) || character === ')' || ends.includes(character)
}

/** The character ahead, or the one behind a backslash; leaves the cursor on the last one read. */
function readCharacter(cursor: Cursor): string {
  if (cursor.next !== '\\') return cursor.next
  cursor.at += 1
  if (cursor.done) {
    throw cursor.fault('nothing follows the \\; write \\\\ for a backslash', cursor.at - 1)
  }
  return cursor.next
}

/** `term~2` and `term^3` mean something else in Kibana, so neither is taken as text. */
function refuseFuzzy(cursor: Cursor, from: number): void {
  const suffix = /[^\\:/\s]([~^][\d.]*)$/.exec(cursor.text.slice(from, cursor.at))
  if (suffix?.[1] === undefined) return
  const at = cursor.at - suffix[1].length
  throw cursor.fault(
    'there is no fuzzy search (~) and no boost (^); for text put a \\ before it',
    at,
  )
}

function refuseSuffix(cursor: Cursor): void {
  if (cursor.next === '~' || cursor.next === '^') {
    throw cursor.fault('there is no proximity search (~) and no boost (^); leave it out')
  }
  if (!cursor.done && !/[\s)\]}]/.test(cursor.next)) {
    throw cursor.fault('put a space after the closing quote')
  }
}
