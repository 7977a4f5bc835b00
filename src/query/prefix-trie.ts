/** Finds which of many prefixes a value begins with: a trie whose steps are four bytes, in one hash
 *  table. A prefix ends inside a step with one to three bytes, which are looked up as they are. A
 *  value is followed as far as some prefix goes along with it, mostly one or two steps. */
import type { HitSink, Literal } from './literal.ts'

const stepBytes = 4

export class PrefixTrie {
  readonly #literals: readonly Literal[]
  /** By place: state * 4 + bytes taken (0 for a whole step), the bytes, and the state or literal
   *  that they lead to. An open-addressing table, at most half full. */
  #from = new Int32Array(16).fill(-1)
  #grams = new Int32Array(16)
  #to = new Int32Array(16)
  #used = 0
  /** By state: which numbers of bytes from 1 to 3 end a prefix there, as bits. */
  readonly #tails: number[] = [0]
  /** By state: the literal that ends right there, -1 for none. */
  readonly #ends: number[] = [-1]
  /** By literal: another one of the same bytes that must be the whole value, or need not; -1 for
   *  none. */
  readonly #same: Int32Array

  /** @param numbers Indexes of the literals to look for; no two are equal in bytes and ends. */
  constructor(literals: readonly Literal[], numbers: readonly number[]) {
    this.#literals = literals
    this.#same = new Int32Array(literals.length).fill(-1)
    for (const number of numbers) this.#add(number)
  }

  /** Tells of the literals that the span `[from, to)` begins with. */
  scan(bytes: Buffer, view: DataView, from: number, to: number, sink: HitSink): void {
    let state = 0
    for (let at = from; ; at += stepBytes) {
      const end = this.#ends[state]!
      if (end >= 0) this.#tell(end, from, to, sink)
      const tails = this.#tails[state]!
      const left = to - at
      if (tails !== 0) {
        for (let taken = 1; taken < stepBytes && taken <= left; taken++) {
          if (((tails >> taken) & 1) === 0) continue
          const place = this.#find(state * stepBytes + taken, gramAt(bytes, at, taken))
          if (this.#from[place]! >= 0) this.#tell(this.#to[place]!, from, to, sink)
        }
      }
      if (left < stepBytes) return
      const place = this.#find(state * stepBytes, view.getInt32(at, true))
      if (this.#from[place]! < 0) return
      state = this.#to[place]!
    }
  }

  #tell(first: number, from: number, to: number, sink: HitSink): void {
    for (let literal = first; literal >= 0; literal = this.#same[literal]!) {
      const { atEnd, bytes } = this.#literals[literal]!
      if (!atEnd || bytes.length === to - from) sink.hit(literal, from)
    }
  }

  #add(number: number): void {
    const { bytes } = this.#literals[number]!
    let state = 0
    let at = 0
    for (; at + stepBytes <= bytes.length; at += stepBytes) {
      const gram = gramAt(bytes, at, stepBytes)
      const place = this.#find(state * stepBytes, gram)
      if (this.#from[place]! >= 0) state = this.#to[place]!
      else {
        this.#put(state * stepBytes, gram, this.#tails.length)
        state = this.#tails.length
        this.#tails.push(0)
        this.#ends.push(-1)
      }
    }
    const taken = bytes.length - at
    if (taken === 0) {
      this.#same[number] = this.#ends[state]!
      this.#ends[state] = number
      return
    }
    const gram = gramAt(bytes, at, taken)
    const place = this.#find(state * stepBytes + taken, gram)
    this.#tails[state]! |= 1 << taken
    if (this.#from[place]! < 0) this.#put(state * stepBytes + taken, gram, number)
    else {
      this.#same[number] = this.#to[place]!
      this.#to[place] = number
    }
  }

  #put(from: number, gram: number, to: number): void {
    if ((this.#used + 1) * 2 > this.#from.length) this.#grow()
    const place = this.#find(from, gram)
    this.#from[place] = from
    this.#grams[place] = gram
    this.#to[place] = to
    this.#used += 1
  }

  #grow(): void {
    const [froms, grams, tos] = [this.#from, this.#grams, this.#to]
    this.#from = new Int32Array(froms.length * 2).fill(-1)
    this.#grams = new Int32Array(froms.length * 2)
    this.#to = new Int32Array(froms.length * 2)
    this.#used = 0
    for (let place = 0; place < froms.length; place++) {
      if (froms[place]! >= 0) this.#put(froms[place]!, grams[place]!, tos[place]!)
    }
  }

  /** Where the bytes are found, or would be. */
  #find(from: number, gram: number): number {
    const mask = this.#from.length - 1
    const mixed = Math.imul(gram ^ Math.imul(from + 1, 0x85ebca6b), 0x9e3779b1)
    let place = (mixed ^ (mixed >>> 15)) & mask
    while (
      this.#from[place]! >= 0 &&
      !(this.#from[place] === from && this.#grams[place] === gram)
    ) {
      place = (place + 1) & mask
    }
    return place
  }
}

/** Bytes as a little-endian number, as a load of four gives them. */
export function gramAt(bytes: Buffer, at: number, width: number): number {
  let gram = 0
  for (let i = 0; i < width; i++) gram |= bytes[at + i]! << (8 * i)
  return gram
}
