/** Counts of the verdict items of one scope, by second: statuses, levels, signatures, requests. One
 *  open-addressing table over (second, item) in typed arrays, since every event adds to two or three
 *  of them. Merges in any order. */

/**
 * What one item has in one second.
 * @param count Events in time.
 * @param late Events that came late.
 * @param judged Those in time that decisions look at: of signatures only the events of an error
 *   level.
 */
export type Visit = (
  item: string,
  second: number,
  count: number,
  late: number,
  judged: number,
) => void

/** Room for item ids in a key: more than a scope can have (6,000 signatures, statuses, levels). */
const idsMax = 65_536
const slotsAtFirst = 64
/** Numbers of a slot, side by side so that an addition touches one line of the cache: its key, which is
 *  second * idsMax + id and NaN while the slot is free, and what the item has in that second. */
const width = 4
const [countAt, lateAt, judgedAt] = [1, 2, 3]
/** Ids that a cleared table keeps: the same few statuses and levels come again. */
const idsKeptMax = 256

export class ItemPanes {
  #names: string[] = []
  #ids = new Map<string, number>()
  #table = emptyTable(slotsAtFirst)
  /** Where the slots in use begin, in the order of their first addition. */
  #slots = new Uint32Array(slotsAtFirst / 2)
  #used = 0
  #first = Infinity

  /** First second with an event that decisions look at; Infinity when there is none. */
  get first(): number {
    return this.#first
  }

  /** Number of an item in this table, for `add`. */
  id(item: string): number {
    const known = this.#ids.get(item)
    if (known !== undefined) return known
    const id = this.#names.length
    if (id >= idsMax) throw new Error(`more than ${idsMax} items in one scope`)
    this.#names.push(item)
    this.#ids.set(item, id)
    return id
  }

  /** @param second Whole seconds since the epoch. */
  add(id: number, second: number, count: number, late: number, judged: number): void {
    const slot = this.#slot(id, second)
    const table = this.#table
    table[slot + countAt]! += count
    table[slot + lateAt]! += late
    table[slot + judgedAt]! += judged
    if (judged > 0 && second < this.#first) this.#first = second
  }

  /** Visits every item and second that was added to, in the order of their first addition. */
  each(visit: Visit): void {
    const table = this.#table
    for (let at = 0; at < this.#used; at++) {
      const slot = this.#slots[at]!
      const key = table[slot]!
      const second = Math.floor(key / idsMax)
      const item = this.#names[key - second * idsMax] ?? ''
      visit(item, second, table[slot + countAt]!, table[slot + lateAt]!, table[slot + judgedAt]!)
    }
  }

  /** Adds what another table holds. */
  merge(from: ItemPanes): void {
    const ids = from.#names.map((name) => this.id(name))
    this.#addSlots(from.#table, from.#slots, from.#used, (id) => ids[id]!)
  }

  /** Empties the table and keeps its room. */
  clear(): void {
    const table = this.#table
    for (let at = 0; at < this.#used; at++) {
      const slot = this.#slots[at]!
      table[slot] = NaN
      table[slot + countAt] = 0
      table[slot + lateAt] = 0
      table[slot + judgedAt] = 0
    }
    this.#used = 0
    this.#first = Infinity
    if (this.#names.length <= idsKeptMax) return
    this.#names = []
    this.#ids = new Map()
  }

  #slot(id: number, second: number): number {
    const key = second * idsMax + id
    const table = this.#table
    const mask = table.length - width
    let slot = (hash(id, second) * width) & mask
    for (;;) {
      const found = table[slot]!
      if (found === key) return slot
      if (Number.isNaN(found)) break
      slot = (slot + width) & mask
    }
    if (this.#used === this.#slots.length) {
      this.#grow()
      return this.#slot(id, second)
    }
    this.#slots[this.#used] = slot
    this.#used += 1
    table[slot] = key
    return slot
  }

  /** Twice the slots; half of them may be in use. */
  #grow(): void {
    const [table, old, used] = [this.#table, this.#slots, this.#used]
    const slots = (table.length / width) * 2
    this.#table = emptyTable(slots)
    this.#slots = new Uint32Array(slots / 2)
    this.#used = 0
    this.#addSlots(table, old, used, (id) => id)
  }

  #addSlots(
    table: Float64Array,
    slots: Uint32Array,
    used: number,
    idOf: (id: number) => number,
  ): void {
    for (let at = 0; at < used; at++) {
      const slot = slots[at]!
      const key = table[slot]!
      const second = Math.floor(key / idsMax)
      const id = idOf(key - second * idsMax)
      this.add(id, second, table[slot + countAt]!, table[slot + lateAt]!, table[slot + judgedAt]!)
    }
  }
}

function emptyTable(slots: number): Float64Array<ArrayBuffer> {
  const table = new Float64Array(slots * width)
  for (let slot = 0; slot < table.length; slot += width) table[slot] = NaN
  return table
}

/** Seconds come in runs and ids are small, so both are spread over the table. */
function hash(id: number, second: number): number {
  const mixed = Math.imul(second | 0, 0x9e3779b1) ^ Math.imul(id + 1, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
