/** Puts continuation lines where they belong: on the event they continue, also when that came with
 *  an earlier batch. Which line continues which event was decided by timing.ts. A line becomes text
 *  only where the event is indexed. */
import { lineText, type Columns } from '../model/columns.ts'
import type { Parser } from '../parsers/parser.ts'
import type { EventDocument } from '../store/events.ts'
import { stackBytesMax, type PartitionState } from './partition.ts'
import type { Timed } from './timing.ts'

/** Adds this batch's stacks to its events and to the one that is open, and keeps the last event
 *  open for what the next batch brings.
 *  @param events Events of the batch that go to the index; changed in place. */
export function continueEvents(
  partition: PartitionState,
  parser: Parser,
  events: EventDocument[],
  columns: Columns,
  timed: Timed,
  final: boolean,
): void {
  if (!parser.multiline) return
  const documents = new Map(events.map((event) => [event.position, event]))
  const { open } = partition
  if (open !== null && open.document !== null) documents.set(open.position, open.document)
  const { continued, heads } = timed
  for (let at = 0; at < continued.length && documents.size > 0;) {
    const head = heads[at]!
    let end = at + 1
    while (end < heads.length && heads[end] === head) end += 1
    const document = documents.get(head < 0 ? (open?.position ?? NaN) : timed.position(head))
    if (document !== undefined) {
      const stack = append(document.stack, columns, continued.subarray(at, end))
      const whole = { ...document, stack }
      documents.set(document.position, whole)
      const index = events.indexOf(document)
      if (index >= 0) events[index] = whole
      else events.push(whole)
    }
    at = end
  }
  const row = timed.rows.at(-1)
  const last = row === undefined ? open?.position : timed.position(row)
  if (last === undefined) return
  partition.open = final ? null : { position: last, document: documents.get(last) ?? null }
}

/** Cut at the same place however the lines were spread over batches. */
function append(stack: string | null, columns: Columns, rows: Int32Array): string {
  let whole = stack
  for (const row of rows) {
    if (whole === null) whole = lineText(columns, row)
    else if (whole.length < stackBytesMax) whole += `\n${lineText(columns, row)}`
    else break
  }
  return (whole ?? '').slice(0, stackBytesMax)
}
