/** Which series have something to do, by the time at which they do: a heap per scope. Most series of
 *  most rules wait; looking at each of them for every batch would cost more than matching it. A
 *  series may stand in a heap several times; only its earliest place counts. */
import type { Series } from './series.ts'

/** A series with its place among all. */
export interface Kept {
  readonly series: Series
  /** Index of its rule. */
  readonly rule: number
  /** Key inside its rule. */
  readonly key: string
  /** Number in the order in which series were made. */
  readonly order: number
  /** Event time of its earliest place in a heap, ms; Infinity when it has none. */
  due: number
}

interface Place {
  readonly at: number
  readonly kept: Kept
}

interface Waiting {
  /** Binary heap by `at`. */
  readonly heap: Place[]
  /** Series of the scope. */
  series: number
}

export class DueSeries {
  readonly #scopes = new Map<string, Waiting>()

  /** Scopes that have series. */
  scopes(): IterableIterator<string> {
    return this.#scopes.keys()
  }

  /** Takes a series in; it has no place before it is scheduled. */
  add({ series }: Kept): void {
    const waiting = this.#scopes.get(series.scope)
    if (waiting === undefined) this.#scopes.set(series.scope, { heap: [], series: 1 })
    else waiting.series += 1
  }

  /** Takes out a series that waits for nothing. */
  remove({ series }: Kept): void {
    const waiting = this.#scopes.get(series.scope)
    if (waiting === undefined) return
    waiting.series -= 1
    if (waiting.series === 0) this.#scopes.delete(series.scope)
  }

  /** To be called after every change that may give a series something to do, or do it earlier. */
  schedule(kept: Kept): void {
    const at = kept.series.nextAt
    if (at >= kept.due) return
    kept.due = at
    const waiting = this.#scopes.get(kept.series.scope)
    if (waiting !== undefined) push(waiting.heap, { at, kept })
  }

  /** Takes the series of a scope that have something to do at or before a time (ms), in no order.
   *  They have no place until they are scheduled again. */
  take(scope: string, reached: number): Kept[] {
    const heap = this.#scopes.get(scope)?.heap ?? []
    const taken: Kept[] = []
    for (let first = heap[0]; first !== undefined && first.at <= reached; first = heap[0]) {
      pop(heap)
      // A later place of a series that was taken already, or found something earlier to do.
      if (first.kept.due !== first.at) continue
      first.kept.due = Infinity
      taken.push(first.kept)
    }
    return taken
  }
}

function push(heap: Place[], place: Place): void {
  let at = heap.length
  heap.push(place)
  while (at > 0) {
    const above = (at - 1) >> 1
    if (heap[above]!.at <= place.at) break
    heap[at] = heap[above]!
    at = above
  }
  heap[at] = place
}

/** Drops the first. */
function pop(heap: Place[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    let below = at * 2 + 1
    if (below >= heap.length) break
    if (below + 1 < heap.length && heap[below + 1]!.at < heap[below]!.at) below += 1
    if (heap[below]!.at >= last.at) break
    heap[at] = heap[below]!
    at = below
  }
  heap[at] = last
}
