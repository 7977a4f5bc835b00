/** Finds many literals in the value of a field at once: prefixes by a trie, others by their windows.
 *  What a hit means is the caller's. */
import { GramTable, gramBytes, gramMultiplier } from './gram-table.ts'
import type { HitSink, Literal } from './literal.ts'
import { gramAt, PrefixTrie } from './prefix-trie.ts'

export class LiteralScan {
  readonly #literals: readonly Literal[]
  readonly #prefixes: PrefixTrie | null
  readonly #short: GramTable | null
  readonly #long: GramTable | null

  /** @param literals No two are equal. */
  constructor(literals: readonly Literal[]) {
    this.#literals = literals
    const bytes = literals.map((literal) => literal.bytes)
    const numbers = [...literals.keys()]
    const prefixes = numbers.filter((n) => literals[n]!.atStart)
    const floating = numbers.filter((n) => !literals[n]!.atStart)
    const short = floating.filter((n) => bytes[n]!.length < gramBytes)
    const long = floating.filter((n) => bytes[n]!.length >= gramBytes)
    this.#prefixes = prefixes.length === 0 ? null : new PrefixTrie(literals, prefixes)
    this.#short = short.length === 0 ? null : new GramTable(bytes, short)
    this.#long = long.length === 0 ? null : new GramTable(bytes, long)
  }

  /** Tells of the literals in `[from, to)`, of each once or more. `view` is over the same bytes. */
  scan(bytes: Buffer, view: DataView, from: number, to: number, sink: HitSink): void {
    this.#prefixes?.scan(bytes, view, from, to, sink)
    if (this.#short !== null) this.#scanShort(this.#short, bytes, view, from, to, sink)
    if (this.#long !== null) this.#scanLong(this.#long, bytes, view, from, to, sink)
  }

  #scanLong(
    table: GramTable,
    bytes: Buffer,
    view: DataView,
    from: number,
    to: number,
    sink: HitSink,
  ): void {
    const { filter, shift, step } = table
    for (let at = from; at <= to - gramBytes; at += step) {
      const gram = view.getInt32(at, true)
      if (filter[Math.imul(gram, gramMultiplier) >>> shift] === 0) continue
      this.#check(table, gram, bytes, at, from, to, sink)
    }
  }

  #scanShort(
    table: GramTable,
    bytes: Buffer,
    view: DataView,
    from: number,
    to: number,
    sink: HitSink,
  ): void {
    const { width, mask, filter, shift } = table
    const whole = view.byteLength - gramBytes
    for (let at = from; at <= to - width; at++) {
      const gram = at <= whole ? view.getInt32(at, true) & mask : gramAt(bytes, at, width)
      if (filter[Math.imul(gram, gramMultiplier) >>> shift] === 0) continue
      this.#check(table, gram, bytes, at, from, to, sink)
    }
  }

  #check(
    table: GramTable,
    gram: number,
    bytes: Buffer,
    at: number,
    from: number,
    to: number,
    sink: HitSink,
  ): void {
    for (let entry = table.first(gram); entry >= 0; entry = table.next(entry)) {
      const number = table.literalOf(entry)
      const start = at - table.offsetOf(entry)
      if (stands(this.#literals[number]!, bytes, start, from, to)) sink.hit(number, start)
    }
  }
}

function stands(literal: Literal, bytes: Buffer, start: number, from: number, to: number): boolean {
  const { length } = literal.bytes
  if (start < from || start + length > to) return false
  if (literal.atEnd && start + length !== to) return false
  for (let i = 0; i < length; i++) if (bytes[start + i] !== literal.bytes[i]) return false
  return true
}
