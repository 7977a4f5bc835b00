/** What the answer to a search holds so far; the same bookkeeping for every index. */
import type { EventOrder } from '../model/event.ts'
import { foundBytesMax, type EventDocument, type EventSearch, type FoundEvents } from './events.ts'

export class Found {
  readonly #search: EventSearch
  readonly #events: EventDocument[] = []
  #matched = 0
  #bytes = 0

  constructor(search: EventSearch) {
    this.#search = search
  }

  /** Takes a matching event, the next one in order. @param bytes Its size, roughly. */
  add(event: EventDocument, bytes: number): void {
    this.#matched += 1
    if (this.full) return
    this.#events.push(event)
    this.#bytes += bytes
  }

  /** The answer takes no more events. */
  get full(): boolean {
    return this.#events.length >= this.#search.limit || this.#bytes >= foundBytesMax
  }

  /** Besides the events in the answer there is at least one more. */
  get surplus(): boolean {
    return this.#matched > this.#events.length
  }

  /** The first answer of a search says how many match in all. */
  get counts(): boolean {
    return this.#search.before === undefined
  }

  /**
   * @param reached Where the search was given up; null when it came to its end.
   * @param counted All matching events, where somebody else has counted them.
   */
  answer(reached: EventOrder | null, counted: number | null = null): FoundEvents {
    const total = counted ?? (reached === null ? this.#matched : null)
    const from = this.full ? (this.#events.at(-1) ?? null) : reached
    const left = reached !== null || this.surplus
    return {
      events: this.#events,
      total: this.counts ? total : null,
      next: left && from !== null ? orderOf(from) : null,
    }
  }
}

function orderOf({ time, partition, position }: EventOrder): EventOrder {
  return { time, partition, position }
}
