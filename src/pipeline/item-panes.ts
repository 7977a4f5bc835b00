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
/** Ids that a cleared table keeps: the same few statuses and levels come again. */
const idsKeptMax = 256

export class ItemPanes {
  #names: string[] = []
  #ids = new Map<string, number>()
  /** second * idsMax + id; NaN where a slot is free. */
  #keys = new Float64Array(slotsAtFirst).fill(NaN)
  #count = new Uint32Array(slotsAtFirst)
  #late = new Uint32Array(slotsAtFirst)
  #judged = new Uint32Array(slotsAtFirst)
  /** The slots in use, in the order of their first addition. */
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
    this.#count[slot]! += count
    this.#late[slot]! += late
    this.#judged[slot]! += judged
    if (judged > 0 && second < this.#first) this.#first = second
  }

  /** Visits every item and second that was added to, in the order of their first addition. */
  each(visit: Visit): void {
    for (let at = 0; at < this.#used; at++) {
      const slot = this.#slots[at]!
      const key = this.#keys[slot]!
      const second = Math.floor(key / idsMax)
      const item = this.#names[key - second * idsMax] ?? ''
      visit(item, second, this.#count[slot]!, this.#late[slot]!, this.#judged[slot]!)
    }
  }

  /** Adds what another table holds. */
  merge(from: ItemPanes): void {
    const ids = from.#names.map((name) => this.id(name))
    for (let at = 0; at < from.#used; at++) {
      const slot = from.#slots[at]!
      const key = from.#keys[slot]!
      const second = Math.floor(key / idsMax)
      const id = ids[key - second * idsMax]!
      this.add(id, second, from.#count[slot]!, from.#late[slot]!, from.#judged[slot]!)
    }
  }

  /** Empties the table and keeps its room. */
  clear(): void {
    for (let at = 0; at < this.#used; at++) {
      const slot = this.#slots[at]!
      this.#keys[slot] = NaN
      this.#count[slot] = 0
      this.#late[slot] = 0
      this.#judged[slot] = 0
    }
    this.#used = 0
    this.#first = Infinity
    if (this.#names.length <= idsKeptMax) return
    this.#names = []
    this.#ids = new Map()
  }

  #slot(id: number, second: number): number {
    const key = second * idsMax + id
    const mask = this.#keys.length - 1
    let slot = hash(id, second) & mask
    for (;;) {
      const found = this.#keys[slot]!
      if (found === key) return slot
      if (Number.isNaN(found)) break
      slot = (slot + 1) & mask
    }
    if (this.#used === this.#slots.length) {
      this.#grow()
      return this.#slot(id, second)
    }
    this.#slots[this.#used] = slot
    this.#used += 1
    this.#keys[slot] = key
    return slot
  }

  /** Twice the slots; half of them may be in use. */
  #grow(): void {
    const [keys, count, late, judged] = [this.#keys, this.#count, this.#late, this.#judged]
    const [old, used] = [this.#slots, this.#used]
    const slots = keys.length * 2
    this.#keys = new Float64Array(slots).fill(NaN)
    this.#count = new Uint32Array(slots)
    this.#late = new Uint32Array(slots)
    this.#judged = new Uint32Array(slots)
    this.#slots = new Uint32Array(slots / 2)
    this.#used = 0
    for (let at = 0; at < used; at++) {
      const slot = old[at]!
      const key = keys[slot]!
      const second = Math.floor(key / idsMax)
      this.add(key - second * idsMax, second, count[slot]!, late[slot]!, judged[slot]!)
    }
  }
}

/** Seconds come in runs and ids are small, so both are spread over the table. */
function hash(id: number, second: number): number {
  const mixed = Math.imul(second | 0, 0x9e3779b1) ^ Math.imul(id + 1, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
