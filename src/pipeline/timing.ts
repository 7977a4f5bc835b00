/** Decides the time of every event of a batch, whether it is late, and to which event continuation
 *  lines belong. Line by line and per partition, so that the cut of batches does not matter. */
import { lineText, rowKind, type Columns } from '../model/columns.ts'
import type { Batch } from '../model/event.ts'
import type { Watermarks } from '../windows/watermark.ts'
import type { TimedRow } from './count.ts'
import { stackBytesMax, unparsedSamplesMax, type PartitionState } from './partition.ts'

/** A line's time may lie this far ahead of its arrival; beyond, arrival replaces it. */
export const aheadMaxMs = 300_000

/** Events of a batch with their times, and the stacks that continue them. */
export interface Timed {
  readonly events: readonly TimedRow[]
  /** Position of the head → its continuation lines of this batch, in order. */
  readonly stacks: ReadonlyMap<number, string>
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
  scopeOfRow: (row: number) => string,
  live: boolean,
): Timed {
  const events: TimedRow[] = []
  const stacks = new Map<number, string>()
  let head = partition.open?.position ?? null
  let sampled = false
  for (let row = 0; row < columns.rows; row++) {
    const position = batch.lines?.positions[row] ?? batch.start + (columns.lineStart[row] ?? 0)
    if (columns.kind[row] === rowKind.event) {
      events.push(timeEvent(row, position, batch, columns, partition, watermarks, scopeOfRow, live))
      head = position
    } else if (columns.kind[row] === rowKind.continuation) {
      partition.continued++
      if (head !== null) stacks.set(head, append(stacks.get(head), lineText(columns, row)))
    } else {
      partition.unparsed++
      if (!sampled) sampleUnparsed(partition, columns, row)
      sampled = true
    }
  }
  partition.lines += columns.rows
  partition.events += events.length
  if (batch.skippedBytes > 0) partition.cut++
  return { events, stacks }
}

function timeEvent(
  row: number,
  position: number,
  batch: Batch,
  columns: Columns,
  partition: PartitionState,
  watermarks: Watermarks,
  scopeOfRow: (row: number) => string,
  live: boolean,
): TimedRow {
  const named = columns.time[row] ?? NaN
  const arrivalMs = batch.lines?.arrivals[row] ?? batch.arrivalMs
  let time = named
  if (Number.isNaN(named)) {
    time = live ? arrivalMs : (partition.newestValid ?? arrivalMs)
  } else if (named > arrivalMs + aheadMaxMs) {
    partition.clamped++
    time = live ? arrivalMs : (partition.newestValid ?? arrivalMs)
  } else if (named > (partition.newestValid ?? -Infinity)) {
    partition.newestValid = named
  }
  const scope = scopeOfRow(row)
  watermarks.feed(batch.partition, scope)
  // In a replay a line without a valid time must not move the watermark: it would make the timed
  // lines after it late.
  const moves = live || time === named
  const late =
    (moves && watermarks.observe(batch.partition, time)) || time < watermarks.reached(scope)
  if (late) partition.late++
  return { row, time, position, late }
}

/** Cut at the same place however the lines were spread over batches. */
function append(stack: string | undefined, line: string): string {
  if (stack === undefined) return line
  if (stack.length >= stackBytesMax) return stack
  return `${stack}\n${line}`.slice(0, stackBytesMax)
}

function sampleUnparsed(partition: PartitionState, columns: Columns, row: number): void {
  partition.unparsedSamples.push({ ...columns.unparsed(row), line: lineText(columns, row, 500) })
  if (partition.unparsedSamples.length > unparsedSamplesMax) partition.unparsedSamples.shift()
}
