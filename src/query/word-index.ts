/** All words and phrases that queries ask of messages, looked for at once: one scan of each message
 *  (or line, where there is none) for the longest literal of each, then a look at what stands around
 *  it. What bytes of ASCII cannot decide is asked of the predicate of match.ts, so that the rows are
 *  those that it gives. */
import { lineBytesMax, SpanColumn, type Columns } from '../model/columns.ts'
import { LiteralScan, type HitSink } from './grams.ts'
import type { LeafIndex, LeafQuery, LeafRows } from './leaf-rows.ts'
import { bindQuery } from './match.ts'
import { phraseAt } from './phrase.ts'
import { Scratch } from './scratch.ts'
import { messageField } from './tree.ts'
import { viewOf } from './value-dictionary.ts'

/** Letters beyond ASCII that fold to one of ASCII: the Kelvin sign and the dotted capital I. */
const foldsToAscii = /[\u212A\u0130]/

interface Phrase {
  /** The words as bytes, when all are plain ASCII; null when only the predicate can tell. */
  readonly words: readonly Buffer[] | null
  /** Which word the literal is from; it is the whole word when `words` are known. */
  readonly anchor: number
  readonly literal: string | null
}

/** True when there is something to look for. */
export function isWordLeaf(query: LeafQuery): boolean {
  if (query.kind !== 'words') return false
  return phraseOf(query.words).literal !== null || query.words.some(isForeign)
}

export class WordIndex implements LeafIndex, HitSink {
  readonly #leaves: readonly LeafRows[]
  readonly #phrases: readonly Phrase[]
  /** By literal: the leaves that need it. */
  readonly #leavesOf: readonly (readonly number[])[]
  /** Leaves without a letter of ASCII: tried on every text that has others. */
  readonly #foreign: readonly number[]
  readonly #scan: LiteralScan
  readonly #scratch = new Scratch()
  #predicates: ((row: number) => boolean)[] = []
  #columns: Columns | null = null
  /** By leaf: the text, by number, for which it is decided. */
  readonly #decided: Int32Array
  #text = 0
  #bytes: Buffer = Buffer.alloc(0)
  #from = 0
  #to = 0
  #row = 0

  /** @param leaves Distinct, each one that isWordLeaf takes. */
  constructor(leaves: readonly LeafRows[]) {
    this.#leaves = leaves
    this.#phrases = leaves.map(({ query }) => phraseOf(query.kind === 'words' ? query.words : []))
    const leavesOf = new Map<string, number[]>()
    const foreign: number[] = []
    for (const [leaf, { literal }] of this.#phrases.entries()) {
      if (literal === null) foreign.push(leaf)
      else leavesOf.set(literal, [...(leavesOf.get(literal) ?? []), leaf])
    }
    this.#foreign = foreign
    this.#leavesOf = [...leavesOf.values()]
    this.#scan = new LiteralScan(
      [...leavesOf.keys()].map((text) => ({
        bytes: Buffer.from(text),
        atStart: false,
        atEnd: false,
      })),
      true,
    )
    this.#decided = new Int32Array(leaves.length)
  }

  match(columns: Columns, rows: Int32Array): void {
    this.#columns = columns
    this.#predicates = []
    const message = columns.fields.get(messageField)
    const spans = message instanceof SpanColumn ? new Texts(message.bytes) : null
    const lines = spans?.bytes === columns.bytes ? spans : new Texts(columns.bytes)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      if (message === undefined || !message.has(row)) {
        const from = columns.lineStart[row]!
        const to = Math.min(columns.lineEnd[row]!, from + lineBytesMax)
        this.#matchText(lines.bytes, lines.view, from, to, row, lines.folds)
      } else if (spans !== null && message instanceof SpanColumn) {
        const [from, to] = [message.start[row]!, message.end[row]!]
        this.#matchText(spans.bytes, spans.view, from, to, row, spans.folds)
      } else {
        const text = message.text(row) ?? ''
        const to = this.#scratch.write(text)
        const { bytes, view } = this.#scratch
        this.#matchText(bytes, view, 0, to, row, foldsToAscii.test(text))
      }
    }
    this.#columns = null
  }

  #matchText(
    bytes: Buffer,
    view: DataView,
    from: number,
    to: number,
    row: number,
    mayFold: boolean,
  ): void {
    this.#text = (this.#text + 1) | 0
    this.#bytes = bytes
    this.#from = from
    this.#to = to
    this.#row = row
    if ((mayFold || this.#foreign.length > 0) && hasForeign(bytes, from, to)) {
      for (const leaf of this.#foreign) this.#ask(leaf)
      if (mayFold && foldsToAscii.test(bytes.toString('utf8', from, to))) {
        for (const leaves of this.#leavesOf) for (const leaf of leaves) this.#ask(leaf)
        return
      }
    }
    this.#scan.scan(bytes, view, from, to, this)
  }

  hit(literal: number, at: number): void {
    for (const leaf of this.#leavesOf[literal]!) {
      if (this.#decided[leaf] !== this.#text) this.#decide(leaf, at)
    }
  }

  #decide(leaf: number, at: number): void {
    const { words, anchor } = this.#phrases[leaf]!
    const found = words === null ? null : phraseAt(words, anchor, this.#bytes, at, this.#from, this.#to) // prettier-ignore
    if (found === null) return this.#ask(leaf)
    if (!found) return
    this.#decided[leaf] = this.#text
    this.#leaves[leaf]!.add(this.#row)
  }

  #ask(leaf: number): void {
    this.#decided[leaf] = this.#text
    const { query } = this.#leaves[leaf]!
    const matches = (this.#predicates[leaf] ??= bindQuery(query, this.#columns!))
    if (matches(this.#row)) this.#leaves[leaf]!.add(this.#row)
  }
}

/** Bytes that texts lie in. */
class Texts {
  readonly bytes: Buffer
  readonly view: DataView
  /** Some text may have letters that fold to ASCII. */
  readonly folds: boolean

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.view = viewOf(bytes)
    this.folds = bytes.includes('\u212A') || bytes.includes('\u0130')
  }
}

function hasForeign(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at]! >= 0x80) return true
  return false
}

function isForeign(word: string): boolean {
  return /[^\x00-\x7F]/.test(word)
}

function isPlain(word: string): boolean {
  return /^[a-z0-9]+$/.test(word)
}

function phraseOf(words: readonly string[]): Phrase {
  const plain = words.every(isPlain)
  let anchor = 0
  let literal: string | null = null
  for (const [index, word] of words.entries()) {
    const candidate = asciiOf(word)
    if (candidate === null || (literal !== null && candidate.length <= literal.length)) continue
    anchor = index
    literal = candidate
  }
  return { words: plain ? words.map((word) => Buffer.from(word)) : null, anchor, literal }
}

/** The longest run of small letters and digits of ASCII in a word with wildcards. */
function asciiOf(word: string): string | null {
  const runs = word.replace(/\\./gsu, ' ').match(/[a-z0-9]+/g) ?? []
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '')
  return longest === '' ? null : longest
}
