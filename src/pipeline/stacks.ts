/** Puts continuation lines where they belong: on the event they continue, also when that came with
 *  an earlier batch. Which line continues which event was decided by timing.ts. */
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
  timed: Timed,
  final: boolean,
): void {
  if (!parser.multiline) return
  const documents = new Map(events.map((event) => [event.position, event]))
  const { open } = partition
  if (open !== null && open.document !== null) documents.set(open.position, open.document)
  for (const [position, lines] of timed.stacks) {
    const document = documents.get(position)
    if (document === undefined) continue
    const stack = document.stack === null ? lines : `${document.stack}\n${lines}`
    const continued = { ...document, stack: stack.slice(0, stackBytesMax) }
    documents.set(position, continued)
    const at = events.indexOf(document)
    if (at >= 0) events[at] = continued
    else events.push(continued)
  }
  const row = timed.rows.at(-1)
  const last = row === undefined ? open?.position : timed.position(row)
  if (last === undefined) return
  partition.open = final ? null : { position: last, document: documents.get(last) ?? null }
}
