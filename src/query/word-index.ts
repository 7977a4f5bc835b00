/** All words and phrases that queries ask of messages, looked for at once: one scan of each message
 *  (or line, where there is none) for the longest literal of each, then a look at what stands around
 *  it. What bytes of ASCII cannot decide is asked of the predicate of match.ts, so that the rows are
 *  those that it gives. */
import { lineBytesMax, SpanColumn, type Columns } from '../model/columns.ts'
import type { LeafIndex, LeafQuery, LeafRows } from './leaf-rows.ts'
import { bindQuery } from './match.ts'
import { phraseAt } from './phrase.ts'
import { messageField } from './tree.ts'
import { textBytesMax, WordScan, type WordSink } from './word-scan.ts'

/** Letters beyond ASCII that fold to one of ASCII: the Kelvin sign and the dotted capital I. */
const foldsToAscii = /[\u212A\u0130]/

interface Phrase {
  /** The words as bytes, when all are plain ASCII; null when only the predicate can tell. */
  readonly words: readonly Buffer[] | null
  /** Which word the literal is from; it is the whole word when `words` are known. */
  readonly anchor: number
  /** As word-scan.ts has it: with a space where it begins or ends its word. */
  readonly literal: string | null
}

/** True when there is something to look for. */
export function isWordLeaf(query: LeafQuery): boolean {
  if (query.kind !== 'words') return false
  return phraseOf(query.words).literal !== null || query.words.some(isForeign)
}

export class WordIndex implements LeafIndex, WordSink {
  readonly #leaves: readonly LeafRows[]
  readonly #phrases: readonly Phrase[]
  /** By literal: the leaves that need it. */
  readonly #leavesOf: readonly (readonly number[])[]
  /** Leaves without a letter of ASCII: tried on every text that has others. */
  readonly #foreign: readonly number[]
  readonly #scan: WordScan
  #predicates: ((row: number) => boolean)[] = []
  #columns: Columns | null = null
  /** Rows of the texts in the scan. */
  readonly #rows: Int32Array
  /** By leaf: the row for which it is decided, -1 for none. */
  readonly #decided: Int32Array

  /** @param leaves Distinct, each one that isWordLeaf takes. */
  constructor(leaves: readonly LeafRows[]) {
    this.#leaves = leaves
    this.#phrases = leaves.map(({ query }) => phraseOf(query.kind === 'words' ? query.words : []))
    const leavesOf = new Map<string, number[]>()
    const foreign: number[] = []
    for (const [leaf, { literal }] of this.#phrases.entries()) {
      const list = literal === null ? foreign : (leavesOf.get(literal) ?? [])
      list.push(leaf)
      if (literal !== null) leavesOf.set(literal, list)
    }
    this.#foreign = foreign
    this.#leavesOf = [...leavesOf.values()]
    this.#scan = new WordScan([...leavesOf.keys()])
    this.#rows = new Int32Array(this.#scan.starts.length)
    this.#decided = new Int32Array(leaves.length)
  }

  match(columns: Columns, rows: Int32Array): void {
    this.#columns = columns
    this.#predicates = []
    this.#decided.fill(-1)
    const message = columns.fields.get(messageField)
    const spans = message instanceof SpanColumn ? message : null
    const spansFold = spans !== null && mayFold(spans.bytes)
    const linesFold = spans?.bytes === columns.bytes ? spansFold : mayFold(columns.bytes)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      if (this.#scan.full) this.#scan.flush(this)
      if (message === undefined || !message.has(row)) {
        const from = columns.lineStart[row]!
        const to = Math.min(columns.lineEnd[row]!, from + lineBytesMax)
        if (!this.#apart(columns.bytes, from, to, row, linesFold)) {
          this.#rows[this.#scan.texts] = row
          this.#scan.addLine(columns.bytes, from, to)
        }
      } else if (spans !== null) {
        this.#addBytes(spans.bytes, spans.start[row]!, spans.end[row]!, row, spansFold)
      } else {
        this.#addText(message.text(row) ?? '', row)
      }
    }
    this.#scan.flush(this)
    this.#columns = null
  }

  #addBytes(bytes: Buffer, from: number, to: number, row: number, folds: boolean): void {
    if (this.#apart(bytes, from, to, row, folds)) return
    this.#rows[this.#scan.texts] = row
    this.#scan.add(bytes, from, to)
  }

  /** Asks predicates for what the scan cannot find. @returns True when that was everything. */
  #apart(bytes: Buffer, from: number, to: number, row: number, folds: boolean): boolean {
    const foreign = (folds || this.#foreign.length > 0) && hasForeign(bytes, from, to)
    if (foreign) for (const leaf of this.#foreign) this.#ask(leaf, row)
    const apart = foreign && folds && foldsToAscii.test(bytes.toString('utf8', from, to))
    if (!apart && to - from <= textBytesMax) return false
    this.#askAll(row)
    return true
  }

  #addText(text: string, row: number): void {
    if (this.#foreign.length > 0 && isForeign(text)) {
      for (const leaf of this.#foreign) this.#ask(leaf, row)
    }
    if (text.length * 3 > textBytesMax || foldsToAscii.test(text)) return this.#askAll(row)
    this.#rows[this.#scan.texts] = row
    this.#scan.addText(text)
  }

  hit(literal: number, text: number, at: number): void {
    const row = this.#rows[text]!
    for (const leaf of this.#leavesOf[literal]!) {
      if (this.#decided[leaf] !== row) this.#decide(leaf, row, text, at)
    }
  }

  #decide(leaf: number, row: number, text: number, at: number): void {
    const { words, anchor } = this.#phrases[leaf]!
    const { bytes, starts, ends } = this.#scan
    const found = words === null ? null : phraseAt(words, anchor, bytes, at, starts[text]!, ends[text]!) // prettier-ignore
    if (found === null) return this.#ask(leaf, row)
    if (!found) return
    this.#decided[leaf] = row
    this.#leaves[leaf]!.add(row)
  }

  /** Decides the row by predicates, after the rows before it. */
  #askAll(row: number): void {
    this.#scan.flush(this)
    for (const leaves of this.#leavesOf) for (const leaf of leaves) this.#ask(leaf, row)
  }

  #ask(leaf: number, row: number): void {
    this.#decided[leaf] = row
    const { query } = this.#leaves[leaf]!
    const matches = (this.#predicates[leaf] ??= bindQuery(query, this.#columns!))
    if (matches(row)) this.#leaves[leaf]!.add(row)
  }
}

/** Some text in these bytes may have letters that fold to ASCII. */
function mayFold(bytes: Buffer): boolean {
  return bytes.includes('\u212A') || bytes.includes('\u0130')
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
    const candidate = literalOf(word)
    if (candidate === null || candidate.length <= (literal?.length ?? 0)) continue
    anchor = index
    literal = candidate
  }
  return { words: plain ? words.map((word) => Buffer.from(word)) : null, anchor, literal }
}

/** The longest run of small letters and digits of ASCII in a word with wildcards, with a space on
 *  the sides where the word ends with it. */
function literalOf(word: string): string | null {
  const text = word.replace(/\\./gsu, '\\')
  let longest: string | null = null
  for (const { 0: run, index } of text.matchAll(/[a-z0-9]+/g)) {
    const [before, after] = [index === 0 ? ' ' : '', index + run.length === text.length ? ' ' : '']
    if (run.length > (longest?.trim().length ?? 0)) longest = `${before}${run}${after}`
  }
  return longest
}
