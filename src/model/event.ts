/** The domain types of what flows through the pipeline: batches of bytes and the events in them. */
import type { Column } from './columns.ts'

/** What a source hands over at once: whole lines of one partition.
 *  `bytes` holds lines that each end in LF (10), except the last one of a `final` batch. */
export interface Batch {
  /** Name of the source in the configuration. */
  readonly source: string
  /** The ordered stream the lines belong to: a file path or `topic/partition`. */
  readonly partition: string
  readonly bytes: Buffer
  /** Position of `bytes[0]` in the partition: one number that never goes back, also over rotations.
   *  The line at byte i of the batch has position `start + i`, unless `lines` says otherwise. */
  readonly start: number
  /** Where to resume after this batch; JSON-safe; only the source itself reads it. */
  readonly checkpoint: Checkpoint
  /** When the batch was read, ms since the epoch. */
  readonly arrivalMs: number
  /** Nothing more will come of this partition: an unterminated last line counts. */
  readonly final: boolean
  /** Bytes of an over-long line that were skipped after the head kept in `bytes`; 0 normally. */
  readonly skippedBytes: number
  /** What is known of each line besides its bytes, where the input is made of messages. */
  readonly lines?: LineFacts
}

/** Facts of the lines of a batch; entry i is that of line i. */
export interface LineFacts {
  /** Positions in the partition, ascending, instead of `start + i`. */
  readonly positions: Float64Array
  /** When each line reached the system it was read from, ms since the epoch: the arrival of its
   *  event, instead of `arrivalMs`, which remains the time of the read. */
  readonly arrivals: Float64Array
  /** Fields that came beside the line, such as a message's key. What the line itself says wins. */
  readonly fields: ReadonlyMap<string, Column>
}

/** A source's resumable position in one partition. */
export type Checkpoint = Readonly<Record<string, unknown>>

/** Standard field names; parsers may add others. */
export const fieldNames = [
  'time', 'client', 'ident', 'user', 'method', 'path', 'query', 'protocol', 'status', 'bytes',
  'referer', 'agent', 'duration_ms', 'host', 'vhost', 'upstream', 'level', 'module', 'message',
  'file', 'line', 'pid', 'tid', 'code', 'exception', 'stack', 'service', 'env', 'sha',
  'request_id',
] as const // prettier-ignore

/** Field of an event whose line was longer than is kept: `true`. */
export const cutField = 'truncated'

/** Severities, most severe first. */
export const levels = [
  'emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug',
] as const // prettier-ignore
export type Level = (typeof levels)[number]

/** A place in the total order of events: (time, partition, position). */
export interface EventOrder {
  /** Event time, ms since the epoch. */
  readonly time: number
  readonly partition: string
  readonly position: number
}

/** Compares by the total order of events; for `Array.sort`. */
export function compareEvents(a: EventOrder, b: EventOrder): number {
  if (a.time !== b.time) return a.time - b.time
  if (a.partition !== b.partition) return a.partition < b.partition ? -1 : 1
  return a.position - b.position
}

/** One event, kept as evidence in alerts and in the event index. */
export interface Sample extends EventOrder {
  /** The line as it was read, UTF-8 with U+FFFD for invalid bytes, cut to 2,000 characters. */
  readonly text: string
  /** SHA named by the line itself, or null. */
  readonly sha: string | null
  /** Key of the scope it belongs to. */
  readonly scope: string
}

/** Stable id of an event: where it stands in its partition. */
export function eventId(partition: string, position: number): string {
  return `${partition}@${position}`
}
