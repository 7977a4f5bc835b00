/** The contract of the event index: events for people to read, idempotent by event id, allowed to
 *  lag behind and to be away. Alerting never depends on it. */
import type { EventOrder } from '../model/event.ts'
import type { Query } from '../query/query.ts'

/** One event as it is indexed. */
export interface EventDocument {
  /** eventId(partition, position). */
  readonly id: string
  /** Event time, ms since the epoch. */
  readonly time: number
  readonly service: string | null
  readonly env: string
  readonly source: string
  readonly partition: string
  readonly position: number
  readonly level: string | null
  readonly status: number | null
  readonly signature: string | null
  /** SHA of the line, else null; the deploy in effect is looked up when read. */
  readonly sha: string | null
  /** The raw line, cut to 8,000 bytes. */
  readonly text: string
  /** Continuation lines joined by LF, cut to 64 KiB; null when there are none. */
  readonly stack: string | null
  /** All parsed fields. */
  readonly fields: Readonly<Record<string, string | number>>
}

export interface RecentQuery {
  /** Event times [from, to), ms. */
  readonly from?: number
  readonly to?: number
  readonly service?: string | null
  readonly signature?: string
  readonly limit: number
}

/** What to look for. */
export interface EventSearch {
  readonly query: Query
  /** Event times [from, to), ms. */
  readonly from?: number
  readonly to?: number
  /** Events found at most, 1 or more. */
  readonly limit: number
  /** Only what stands before it in the total order of events: the `next` of an earlier answer. */
  readonly before?: EventOrder
}

export interface FoundEvents {
  /** The last in the total order of events first. Fewer than the limit when they are large. */
  readonly events: readonly EventDocument[]
  /** How many match in the whole range; null when nobody counted to the end, and for all answers
   *  but the first of a search. */
  readonly total: number | null
  /** Where to go on; null when nothing more matches. May be set though no event was found: an index
   *  that has searched for long enough says so, and leaves it to the asker to go on. */
  readonly next: EventOrder | null
}

/** An event index bounds what one answer holds: further events come with the next one, bytes. */
export const foundBytesMax = 16 * 1024 * 1024

export interface EventIndex {
  /** Inserts, or replaces by id. An event keeps its time, partition and position when it is put
   *  again, and its stack only grows. */
  put(events: readonly EventDocument[]): Promise<void>
  /** Newest first. */
  recent(query: RecentQuery): Promise<readonly EventDocument[]>
  /** Events that match as rules would match them; see query/match.ts. Finds what `put` has stored
   *  before. */
  search(search: EventSearch): Promise<FoundEvents>
  /** Deletes events older than a time; returns how many. */
  purge(beforeMs: number): Promise<number>
  count(): Promise<number>
  close(): Promise<void>
}
