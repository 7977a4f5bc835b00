/** Decides the time of every event of a batch, whether it is late, and to which event continuation
 *  lines belong. Line by line and per partition, so that the cut of batches does not matter; a
 *  column at a time and without an object per line, since every line comes through here. */
import { lineText, rowKind, type Columns } from '../model/columns.ts'
import type { Batch } from '../model/event.ts'
import type { Watermarks } from '../windows/watermark.ts'
import { unparsedSamplesMax, type PartitionState } from './partition.ts'
import type { RowScopes } from './scopes.ts'

/** A line's time may lie this far ahead of its arrival; beyond, arrival replaces it. */
export const aheadMaxMs = 300_000

/** Memory that one batch after the other is timed in. */
export class TimingRoom {
  rows = new Int32Array(0)
  time = new Float64Array(0)
  late = new Uint8Array(0)
  continued = new Int32Array(0)
  heads = new Int32Array(0)

  /** Room for so many rows; what an earlier batch left is gone. */
  take(rows: number): this {
    if (this.rows.length < rows) {
      this.rows = new Int32Array(rows * 2)
      this.time = new Float64Array(rows * 2)
      this.late = new Uint8Array(rows * 2)
      this.continued = new Int32Array(rows * 2)
      this.heads = new Int32Array(rows * 2)
    }
    this.late.fill(0, 0, rows)
    return this
  }
}

/** Events of a batch with their times, and the stacks that continue them. Valid until the next batch
 *  is timed in the same room. */
export interface Timed {
  /** Rows that are events, ascending. */
  readonly rows: Int32Array
  /** Event time by row, ms. */
  readonly time: Float64Array
  /** By row: 1 where the event is too late for decisions: counted, never decided on. */
  readonly late: Uint8Array
  readonly lateRows: number
  /** Place of a row in its partition. */
  position(row: number): number
  /** Rows that continue an event, ascending, and the row of that event; -1 where it came with an
   *  earlier batch. */
  readonly continued: Int32Array
  readonly heads: Int32Array
}

/**
 * @param live Lines without a time, or with one too far ahead, take their arrival; in a replay the
 *   newest valid time of the partition so far, since arrival means nothing there.
 */
export function timeRows(
  batch: Batch,
  columns: Columns,
  partition: PartitionState,
  watermarks: Watermarks,
  scopes: RowScopes,
  live: boolean,
  room = new TimingRoom(),
): Timed {
  room.take(columns.rows)
  const position = (row: number): number =>
    batch.lines?.positions[row] ?? batch.start + columns.lineStart[row]!
  const { rows, continued, heads } = sortRows(columns, partition, room)
  partition.lines += columns.rows
  partition.events += rows.length
  if (batch.skippedBytes > 0) partition.cut++
  const { time, late } = room
  decideTimes(batch, columns, rows, partition, live, time)
  feedScopes(batch.partition, rows, scopes, partition, watermarks)
  const lateRows = judgeLate(batch.partition, columns, rows, room, scopes, watermarks, live)
  partition.late += lateRows
  return { rows, time, late, lateRows, position, continued, heads }
}

/** Parts events from continuations and unparsed lines. */
function sortRows(
  columns: Columns,
  partition: PartitionState,
  { rows, continued, heads }: TimingRoom,
): Pick<Timed, 'rows' | 'continued' | 'heads'> {
  let events = 0
  let continuations = 0
  let head = -1
  let sampled = false
  for (let row = 0; row < columns.rows; row++) {
    const kind = columns.kind[row]
    if (kind === rowKind.event) {
      rows[events++] = row
      head = row
    } else if (kind === rowKind.continuation) {
      partition.continued++
      continued[continuations] = row
      heads[continuations++] = head
    } else {
      partition.unparsed++
      if (!sampled && wantsSample(partition)) sampleUnparsed(partition, columns, row)
      sampled = true
    }
  }
  return {
    rows: rows.subarray(0, events),
    continued: continued.subarray(0, continuations),
    heads: heads.subarray(0, continuations),
  }
}

/** The times that lines name, but for those that name none or one that cannot be. */
function decideTimes(
  batch: Batch,
  columns: Columns,
  rows: Int32Array,
  partition: PartitionState,
  live: boolean,
  time: Float64Array,
): void {
  const named = columns.time
  const arrivals = batch.lines?.arrivals
  let newestValid = partition.newestValid ?? -Infinity
  let arrivalMs = batch.arrivalMs
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!
    const at = named[row]!
    if (arrivals !== undefined) arrivalMs = arrivals[row] ?? batch.arrivalMs
    if (at <= arrivalMs + aheadMaxMs) {
      time[row] = at
      if (at > newestValid) newestValid = at
      continue
    }
    if (!Number.isNaN(at)) partition.clamped++
    time[row] = live || newestValid === -Infinity ? arrivalMs : newestValid
  }
  if (newestValid !== -Infinity) partition.newestValid = newestValid
}

/** Tells the watermarks which scopes the partition has lines of, also after a restart. */
function feedScopes(
  name: string,
  rows: Int32Array,
  scopes: RowScopes,
  partition: PartitionState,
  watermarks: Watermarks,
): void {
  if (rows.length === 0) return
  for (const scope of scopes.keys) {
    watermarks.feed(name, scope)
    if (!partition.scopes.includes(scope)) partition.scopes.push(scope)
  }
}

/** Marks late events and counts them. An event is late when it lies further back than its partition's lateness, or when its scope's
 *  watermark has passed it. In a replay a line without a valid time must not move the partition on:
 *  it would make the timed lines after it late. */
function judgeLate(
  name: string,
  columns: Columns,
  rows: Int32Array,
  { time, late }: TimingRoom,
  { keys, of }: RowScopes,
  watermarks: Watermarks,
  live: boolean,
): number {
  const passed = Float64Array.from(keys, (scope) => watermarks.reached(scope))
  const { latenessMs } = watermarks.progress(name)
  let { newest } = watermarks.progress(name)
  let reached = passed[0] ?? -Infinity
  let count = 0
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!
    const at = time[row]!
    if (of !== null) reached = passed[of[row]!]!
    const moves = live || at === columns.time[row]
    if (at < reached || (moves && at < newest - latenessMs)) {
      late[row] = 1
      count += 1
    }
    if (moves && at > newest) newest = at
  }
  watermarks.moveTo(name, newest)
  return count
}

/** To say why a line is unparsed costs more than to parse a hundred. In a log full of them a new
 *  sample comes with each tenth more of them. */
function wantsSample({ unparsed, unparsedSamples, sampledAt }: PartitionState): boolean {
  return unparsedSamples.length < unparsedSamplesMax || unparsed >= sampledAt * 1.1
}

function sampleUnparsed(partition: PartitionState, columns: Columns, row: number): void {
  partition.sampledAt = partition.unparsed
  partition.unparsedSamples.push({ ...columns.unparsed(row), line: lineText(columns, row, 500) })
  if (partition.unparsedSamples.length > unparsedSamplesMax) partition.unparsedSamples.shift()
}
