/** All values and patterns that queries ask of one field, looked for at once: equality in one hash
 *  table, patterns by the literals that they need, each tried only where its literal stands. What
 *  was found about a value is kept in a bounded dictionary. Gives the rows that match.ts gives. */
import { ConstantColumn, SpanColumn, type Column, type Columns } from '../model/columns.ts'
import { ExactValues, hashBytes } from './exact-values.ts'
import type { HitSink } from './literal.ts'
import { LiteralScan } from './literal-scan.ts'
import type { LeafIndex, LeafQuery, LeafRows } from './leaf-rows.ts'
import { compilePattern } from './pattern.ts'
import { isFaithful, requiredLiteral, type RequiredLiteral } from './required-literal.ts'
import { Scratch } from './scratch.ts'
import { ValueDictionary, viewOf } from './value-dictionary.ts'

interface Pattern {
  readonly leaf: number
  /** null: a value that has the literal matches. */
  readonly matches: ((value: string) => boolean) | null
}

/** True when the leaf can be looked for in the values of a field. */
export function isTextLeaf(query: LeafQuery): boolean {
  if (query.kind === 'is') return query.field !== 'time' && isFaithful(query.value)
  return query.kind === 'like' && query.field !== 'time' && requiredLiteral(query.pattern) !== null
}

export class TextIndex implements LeafIndex, HitSink {
  readonly #field: string
  readonly #leaves: readonly LeafRows[]
  readonly #exact: ExactValues
  /** Index of an exact value → its leaf. */
  readonly #exactLeaves: readonly number[]
  /** By literal: the patterns that need it. */
  readonly #patterns: readonly (readonly Pattern[])[]
  readonly #literals: LiteralScan
  readonly #dictionary = new ValueDictionary()
  readonly #scratch = new Scratch()
  /** Matches of the value in hand. */
  readonly #found: Int32Array
  #count = 0
  /** Number of the value in hand, and by literal of the last one that it was found in. */
  #value = 0
  readonly #seen: Int32Array
  /** The value in hand, for patterns that their literal does not decide. */
  #bytes: Buffer = Buffer.alloc(0)
  #from = 0
  #to = 0
  #text: string | null = null

  /** @param leaves Distinct, each of this field and one that isTextLeaf takes. */
  constructor(field: string, leaves: readonly LeafRows[]) {
    this.#field = field
    this.#leaves = leaves
    const exact = [...leaves.entries()].flatMap(([leaf, { query }]) =>
      query.kind === 'is' ? [{ leaf, value: Buffer.from(query.value) }] : [],
    )
    this.#exact = new ExactValues(exact.map(({ value }) => value))
    this.#exactLeaves = exact.map(({ leaf }) => leaf)
    const needed = patternsByLiteral(leaves)
    this.#patterns = needed.map(({ patterns }) => patterns)
    this.#literals = new LiteralScan(needed.map(({ literal }) => literal))
    this.#seen = new Int32Array(needed.length)
    this.#found = new Int32Array(leaves.length)
  }

  match(columns: Columns, rows: Int32Array): void {
    const column = columns.fields.get(this.#field)
    if (column === undefined) return
    if (column instanceof SpanColumn) return this.#matchSpans(column, rows)
    if (!(column instanceof ConstantColumn)) return this.#matchTexts(column, rows)
    this.#collectText(column.constant)
    for (let i = 0; i < this.#count; i++) this.#leaves[this.#found[i]!]!.addAll(rows)
  }

  #matchSpans({ bytes, start, end }: SpanColumn, rows: Int32Array): void {
    const view = viewOf(bytes)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      const from = start[row]!
      if (from >= 0) this.#matchValue(bytes, view, from, end[row]!, row)
    }
  }

  #matchTexts(column: Column, rows: Int32Array): void {
    const scratch = this.#scratch
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      const text = column.text(row)
      if (text === null) continue
      const length = scratch.write(text)
      this.#matchValue(scratch.bytes, scratch.view, 0, length, row)
    }
  }

  #matchValue(bytes: Buffer, view: DataView, from: number, to: number, row: number): void {
    const leaves = this.#leaves
    // Equality alone is a look-up already.
    if (this.#patterns.length === 0) {
      const exact = this.#exact.find(bytes, from, to, hashBytes(bytes, view, from, to))
      if (exact >= 0) leaves[this.#exactLeaves[exact]!]!.add(row)
      return
    }
    const dictionary = this.#dictionary
    let hash = 0
    if (dictionary.wants(to - from)) {
      hash = hashBytes(bytes, view, from, to)
      const entry = dictionary.find(bytes, view, from, to, hash)
      if (entry >= 0) {
        const { matches } = dictionary
        const last = dictionary.firstMatch(entry + 1)
        for (let m = dictionary.firstMatch(entry); m < last; m++) leaves[matches[m]!]!.add(row)
        return
      }
      this.#collect(bytes, view, from, to, hash)
      dictionary.add(bytes, from, to, hash, this.#found, this.#count)
    } else {
      if (this.#exact.size > 0) hash = hashBytes(bytes, view, from, to)
      this.#collect(bytes, view, from, to, hash)
    }
    for (let m = 0; m < this.#count; m++) leaves[this.#found[m]!]!.add(row)
  }

  #collectText(text: string): void {
    const length = this.#scratch.write(text)
    const { bytes, view } = this.#scratch
    this.#collect(bytes, view, 0, length, hashBytes(bytes, view, 0, length))
  }

  /** Gathers the leaves that a value matches. */
  #collect(bytes: Buffer, view: DataView, from: number, to: number, hash: number): void {
    this.#count = 0
    this.#value = (this.#value + 1) | 0
    this.#bytes = bytes
    this.#from = from
    this.#to = to
    this.#text = null
    if (this.#exact.size > 0) {
      const exact = this.#exact.find(bytes, from, to, hash)
      if (exact >= 0) this.#found[this.#count++] = this.#exactLeaves[exact]!
    }
    this.#literals.scan(bytes, view, from, to, this)
  }

  /** A literal stands in the value: the patterns that need it are tried, once. */
  hit(literal: number): void {
    if (this.#seen[literal] === this.#value) return
    this.#seen[literal] = this.#value
    for (const { leaf, matches } of this.#patterns[literal]!) {
      if (matches !== null) {
        this.#text ??= this.#bytes.toString('utf8', this.#from, this.#to)
        if (!matches(this.#text)) continue
      }
      this.#found[this.#count++] = leaf
    }
  }
}

function patternsByLiteral(
  leaves: readonly LeafRows[],
): { literal: RequiredLiteral; patterns: Pattern[] }[] {
  const needed = new Map<string, { literal: RequiredLiteral; patterns: Pattern[] }>()
  for (const [leaf, { query }] of leaves.entries()) {
    const literal = query.kind === 'like' ? requiredLiteral(query.pattern) : null
    if (query.kind !== 'like' || literal === null) continue
    const { bytes, atStart, atEnd, decides } = literal
    const key = JSON.stringify([bytes.toString('latin1'), atStart, atEnd])
    const known = needed.get(key) ?? { literal, patterns: [] }
    needed.set(key, known)
    known.patterns.push({ leaf, matches: decides ? null : compilePattern(query.pattern) })
  }
  return [...needed.values()]
}
