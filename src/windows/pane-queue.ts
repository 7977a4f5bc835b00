/** The panes of one series that the watermark has not passed yet, in order of their start. What a
 *  pane holds and how two become one is window.ts; when one is complete is watermark.ts.
 *  A source that catches up alone can put hundreds of thousands of panes in front of a slower one,
 *  so finding and taking the first costs the same however many wait. */
import { mergePane, type Pane } from './window.ts'

/** Taken starts are dropped from the list when there are at least so many. */
const compactFrom = 1_024

export class PaneQueue {
  readonly #panes = new Map<number, Pane>()
  /** Starts, ascending; those before `#head` are taken. */
  #starts: number[] = []
  #head = 0

  get size(): number {
    return this.#panes.size
  }

  /** Start of the earliest pane, ms; Infinity when none waits. */
  get first(): number {
    return this.#starts[this.#head] ?? Infinity
  }

  /** Merges a pane into what waits; the queue owns it from then on. */
  add(start: number, pane: Pane): void {
    const known = this.#panes.get(start)
    if (known !== undefined) {
      mergePane(known, pane)
      return
    }
    this.#panes.set(start, pane)
    // Nearly always at the end: events come in order but for the lateness.
    let at = this.#starts.length
    while (at > this.#head && (this.#starts[at - 1] ?? 0) > start) at--
    if (at === this.#starts.length) this.#starts.push(start)
    else this.#starts.splice(at, 0, start)
  }

  /** Removes the earliest pane and returns it when it starts there; undefined otherwise. */
  take(start: number): Pane | undefined {
    if (this.first !== start) return undefined
    const pane = this.#panes.get(start)
    this.#panes.delete(start)
    this.#head++
    if (this.#head >= compactFrom && this.#head * 2 >= this.#starts.length) {
      this.#starts.splice(0, this.#head)
      this.#head = 0
    }
    return pane
  }

  /** [start, pane] of those that wait, in no order. */
  entries(): IterableIterator<[number, Pane]> {
    return this.#panes.entries()
  }
}
