/** A bounded dictionary of the values of one field: what was found out about a value is kept beside
 *  its bytes, so that a predicate runs once per distinct value. Where most values are new it costs
 *  more than it saves; it notices, stands aside for a while and tries again. */

/** Values held; when there is no room for another all are forgotten. */
export const dictionaryEntriesMax = 32_768
/** Bytes of all values held. */
export const dictionaryBytesMax = 2 * 1_024 * 1_024
/** Matches of all values held. */
const matchesMax = 131_072
/** A value with more matches is not kept. */
const matchesEachMax = 1_024
/** Longer values are not kept. */
export const dictionaryValueBytesMax = 1_024
/** Look-ups after which the share of misses is judged. */
export const lookupsJudged = 4_096
/** Values for which the dictionary stands aside when more than half were misses. */
export const valuesAside = 65_536
/** Entries with one hash that are looked at: crafted values cost no more than new ones. */
const probesMax = 16
const entriesAtFirst = 1_024

/** What is held of values, besides their number. Index = entry. */
export class ValueDictionary {
  #hashes = new Int32Array(entriesAtFirst)
  #starts = new Int32Array(entriesAtFirst + 1)
  #matchStarts = new Int32Array(entriesAtFirst + 1)
  /** Entry + 1; 0 where free. At most half full. */
  #slots = new Int32Array(entriesAtFirst * 2)
  #bytes = Buffer.alloc(entriesAtFirst * 64)
  #view = viewOf(this.#bytes)
  #matches = new Int32Array(entriesAtFirst)
  #entries = 0
  #lookups = 0
  #misses = 0
  #aside = 0

  /** Values held at present. */
  get size(): number {
    return this.#entries
  }

  /** False while it stands aside; counts the value that is asked about. */
  wants(length: number): boolean {
    if (this.#aside > 0) {
      this.#aside -= 1
      return false
    }
    return length <= dictionaryValueBytesMax
  }

  /** Entry of the value in `[from, to)`; -1 when it is not held. */
  find(bytes: Buffer, view: DataView, from: number, to: number, hash: number): number {
    if (++this.#lookups >= lookupsJudged) this.#judge()
    const mask = this.#slots.length - 1
    for (let probe = 0, slot = hash & mask; probe < probesMax; probe++, slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1
      if (entry < 0) break
      if (this.#hashes[entry] === hash && this.#equal(entry, bytes, view, from, to)) return entry
    }
    this.#misses += 1
    return -1
  }

  /** Keeps a value that was not found, with the first `count` of its matches. */
  add(
    bytes: Buffer,
    from: number,
    to: number,
    hash: number,
    matches: Int32Array,
    count: number,
  ): void {
    if (count > matchesEachMax) return
    this.#makeRoom(to - from, count)
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (let probe = 0; this.#slots[slot] !== 0; probe++, slot = (slot + 1) & mask) {
      if (probe >= probesMax) return
    }
    const entry = this.#entries++
    this.#slots[slot] = entry + 1
    this.#hashes[entry] = hash
    const start = this.#starts[entry]!
    bytes.copy(this.#bytes, start, from, to)
    this.#starts[entry + 1] = start + to - from
    const first = this.#matchStarts[entry]!
    for (let i = 0; i < count; i++) this.#matches[first + i] = matches[i]!
    this.#matchStarts[entry + 1] = first + count
  }

  /** Where the matches of an entry begin and end in `matches`. */
  firstMatch(entry: number): number {
    return this.#matchStarts[entry]!
  }

  get matches(): Int32Array {
    return this.#matches
  }

  #judge(): void {
    if (this.#misses * 2 > this.#lookups) this.#aside = valuesAside
    this.#lookups = 0
    this.#misses = 0
  }

  #equal(entry: number, bytes: Buffer, view: DataView, from: number, to: number): boolean {
    const start = this.#starts[entry]!
    if (this.#starts[entry + 1]! - start !== to - from) return false
    const shift = start - from
    let at = from
    for (; at <= to - 4; at += 4) {
      if (view.getInt32(at, true) !== this.#view.getInt32(at + shift, true)) return false
    }
    for (; at < to; at++) if (bytes[at] !== this.#bytes[at + shift]) return false
    return true
  }

  /** Grows up to the bounds; beyond them everything is forgotten. */
  #makeRoom(bytes: number, matches: number): void {
    const used = this.#starts[this.#entries]! + bytes
    const matched = this.#matchStarts[this.#entries]! + matches
    if (this.#entries >= dictionaryEntriesMax || used > dictionaryBytesMax || matched > matchesMax)
      this.#forget()
    if (this.#entries >= this.#hashes.length) this.#growEntries()
    while (this.#starts[this.#entries]! + bytes > this.#bytes.length) this.#growBytes()
    const needed = this.#matchStarts[this.#entries]! + matches
    while (needed > this.#matches.length) this.#matches = doubled(this.#matches)
  }

  #forget(): void {
    this.#entries = 0
    this.#slots.fill(0)
  }

  #growEntries(): void {
    this.#hashes = doubled(this.#hashes)
    this.#starts = grown(this.#starts, this.#hashes.length + 1)
    this.#matchStarts = grown(this.#matchStarts, this.#hashes.length + 1)
    this.#slots = new Int32Array(this.#hashes.length * 2)
    const mask = this.#slots.length - 1
    for (let entry = 0; entry < this.#entries; entry++) {
      let slot = this.#hashes[entry]! & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = entry + 1
    }
  }

  #growBytes(): void {
    const bytes = Buffer.alloc(this.#bytes.length * 2)
    this.#bytes.copy(bytes)
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }
}

/** The bytes of a buffer as numbers of any alignment. */
export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  return grown(array, array.length * 2)
}

function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length)
  larger.set(array)
  return larger
}
