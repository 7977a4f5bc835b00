/** The contract of the event index: events for people to read, idempotent by event id, allowed to
 *  lag behind and to be away. Alerting never depends on it. */

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

export interface EventIndex {
  /** Inserts, or replaces by id. */
  put(events: readonly EventDocument[]): Promise<void>
  /** Newest first. */
  recent(query: RecentQuery): Promise<readonly EventDocument[]>
  /** Deletes events older than a time; returns how many. */
  purge(beforeMs: number): Promise<number>
  count(): Promise<number>
  close(): Promise<void>
}
