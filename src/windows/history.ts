/** The recent past of one scope: events per second of every verdict item, and requests as exposure.
 *  Decisions about deploys read it; only events in time are in it, so that a decision never depends
 *  on when a late line happened to arrive. Older panes live in the store. */

/** How far back decisions look: the longest baseline (1 h) before a deploy that is judged for 1 h. */
export const historyMs = 2 * 3_600_000 + 300_000

/** Items kept per scope; further ones are left to their rule's `other` bucket. */
export const itemsMax = 6_000

/** Sparse counts per second, kept sorted. */
class Seconds {
  #seconds: number[] = []
  #counts: number[] = []

  add(second: number, count: number): void {
    let at = this.#seconds.length
    while (at > 0 && (this.#seconds[at - 1] ?? 0) > second) at--
    if (at > 0 && this.#seconds[at - 1] === second) {
      this.#counts[at - 1] = (this.#counts[at - 1] ?? 0) + count
      return
    }
    this.#seconds.splice(at, 0, second)
    this.#counts.splice(at, 0, count)
  }

  sum(from: number, to: number): number {
    let sum = 0
    for (let at = this.#lowerBound(from); at < this.#seconds.length; at++) {
      if ((this.#seconds[at] ?? 0) >= to) break
      sum += this.#counts[at] ?? 0
    }
    return sum
  }

  /** Visits [second, count] in [from, to), in order. */
  each(from: number, to: number, visit: (second: number, count: number) => void): void {
    for (let at = this.#lowerBound(from); at < this.#seconds.length; at++) {
      const second = this.#seconds[at] ?? 0
      if (second >= to) return
      visit(second, this.#counts[at] ?? 0)
    }
  }

  /** Newest second that has an event; -Infinity when there is none. */
  get last(): number {
    return this.#seconds.at(-1) ?? -Infinity
  }

  prune(before: number): void {
    const drop = this.#lowerBound(before)
    if (drop === 0) return
    this.#seconds.splice(0, drop)
    this.#counts.splice(0, drop)
  }

  #lowerBound(second: number): number {
    let low = 0
    let high = this.#seconds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#seconds[middle] ?? 0) < second) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Item key: kind and id, as `status 500`. */
export function itemKey(kind: string, id: string): string {
  return `${kind} ${id}`
}

/** The item that counts every request. */
export const requestsKey = itemKey('requests', '')

export function itemOf(key: string): { kind: string; id: string } {
  const space = key.indexOf(' ')
  return { kind: key.slice(0, space), id: key.slice(space + 1) }
}

/** What rates are measured against: the service's requests, or plain time. */
export type ExposureKind = 'access' | 'seconds'

/** Per-second counts of one scope. Times are seconds since the epoch; ranges are [from, to). */
export class History {
  readonly exposureKind: ExposureKind
  readonly #items = new Map<string, Seconds>()
  /** Second of the first event ever counted; Infinity while there is none. */
  #first = Infinity
  /** Second before which everything is forgotten. */
  #prunedTo = -Infinity

  constructor(exposureKind: ExposureKind) {
    this.exposureKind = exposureKind
  }

  /** Requests or seconds in [from, to). */
  exposure(from: number, to: number): number {
    if (this.exposureKind === 'seconds') return Math.max(0, to - from)
    return this.sum(requestsKey, from, to)
  }

  add(key: string, second: number, count: number): void {
    let item = this.#items.get(key)
    if (item === undefined) {
      if (this.#items.size >= itemsMax) return
      item = new Seconds()
      this.#items.set(key, item)
    }
    item.add(second, count)
    if (second < this.#first) this.#first = second
  }

  /** Second of the first event ever counted, also when it is forgotten by now; Infinity before. */
  get first(): number {
    return this.#first
  }

  /** Second from which on the counts are whole: before it nothing is known, or no longer. */
  get since(): number {
    return Math.max(this.#first, this.#prunedTo)
  }

  set first(second: number) {
    this.#first = Math.min(this.#first, second)
  }

  keys(): IterableIterator<string> {
    return this.#items.keys()
  }

  sum(key: string, from: number, to: number): number {
    return this.#items.get(key)?.sum(from, to) ?? 0
  }

  each(key: string, from: number, to: number, visit: (second: number, n: number) => void): void {
    this.#items.get(key)?.each(from, to, visit)
  }

  /** Newest second with an event of the item, at any time; -Infinity when there is none. */
  last(key: string): number {
    return this.#items.get(key)?.last ?? -Infinity
  }

  /** Counts per 10 s over [from, to), zeros included; a rest shorter than 10 s is left out. */
  tens(key: string, from: number, to: number): number[] {
    const buckets = new Array<number>(Math.max(0, Math.floor((to - from) / 10))).fill(0)
    this.each(key, from, from + buckets.length * 10, (second, count) => {
      const at = Math.floor((second - from) / 10)
      buckets[at] = (buckets[at] ?? 0) + count
    })
    return buckets
  }

  /** Forgets what lies before a second. */
  prune(before: number): void {
    this.#prunedTo = Math.max(this.#prunedTo, Math.ceil(before))
    for (const [key, item] of this.#items) {
      item.prune(before)
      if (item.last === -Infinity) this.#items.delete(key)
    }
  }
}
