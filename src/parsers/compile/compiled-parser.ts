/** The parser of declared patterns on a kernel: the same columns as regex-parser.ts gives, which takes
 *  the lines that a kernel is not sure of. */
import {
  NumberColumn,
  rowKind,
  SpanColumn,
  WordColumn,
  type Column,
  type Columns,
} from '../../model/columns.ts'
import { levels } from '../../model/event.ts'
import type { ParseContext, Scanned } from '../parser.ts'
import { ExactLines, explainLine, type DeclaredParts } from '../regex-parser.ts'
import { kernelKind } from './kernel.ts'
import type { FieldPlace, Layout } from './layout.ts'

/** The second step of parsing: what a kernel has found → columns, complete and exact. */
type Complete = (bytes: Buffer, scanned: Scanned, context: ParseContext) => Columns

export function completion(parts: DeclaredParts, layout: Layout): Complete {
  return (bytes, scanned, context) => {
    const columns = columnsOf(parts, layout, scanned, bytes, context)
    complete(parts, layout, scanned, columns, context)
    return columns
  }
}

const noPositions = new Int32Array(0)

function columnsOf(
  parts: DeclaredParts,
  layout: Layout,
  { rows, kind, positions, numbers }: Scanned,
  bytes: Buffer,
  context: ParseContext,
): Columns {
  const [lineStart = noPositions, lineEnd = noPositions] = positions
  const fields = new Map<string, Column>()
  for (const field of layout.fields) {
    const start = positions[field.spans] ?? noPositions
    const end = positions[field.spans + 1] ?? noPositions
    const reals = field.numbers === null ? null : (numbers[field.numbers] ?? null)
    fields.set(field.name, columnOf(field, { start, end }, reals, bytes))
  }
  return {
    bytes,
    rows,
    kind,
    lineStart,
    lineEnd,
    time: numbers[0] ?? new Float64Array(rows),
    fields,
    unparsed: (row) =>
      explainLine(parts, context.zone, bytes.subarray(lineStart[row], lineEnd[row])),
  }
}

function columnOf(
  { type }: FieldPlace,
  spans: { start: Int32Array; end: Int32Array },
  numbers: Float64Array | null,
  bytes: Buffer,
): Column {
  if (numbers !== null && (type === 'seconds' || type === 'microseconds')) {
    return new NumberColumn(numbers)
  }
  if (type === 'level') return new WordColumn(levels, spans.start.length)
  return new SpanColumn(bytes, spans, numbers)
}

/** A field whose value the kernel leaves unread. */
function isLater({ type }: FieldPlace): boolean {
  return type === 'level' || type === 'ip'
}

/** What a kernel leaves: values of its own kinds, lines for RE2, and what a continuation continues. */
function complete(
  parts: DeclaredParts,
  layout: Layout,
  scanned: Scanned,
  columns: Columns,
  context: ParseContext,
): void {
  const { rows, kind, unsure } = scanned
  const later = layout.fields.filter(isLater)
  if (unsure > 0 || later.length > 0) {
    const exact = new ExactLines(parts, context.zone, columns)
    for (const field of later) readLater(field, scanned, exact)
    for (let row = 0; row < rows; row++) {
      if (kind[row] !== kernelKind.unsure) continue
      exact.clear(row)
      kind[row] = exact.take(row, columns.lineStart[row] ?? 0, columns.lineEnd[row] ?? 0)
    }
  }
  if (context.open || parts.continuation === null) return
  for (let row = 0; row < rows && kind[row] !== rowKind.event; row++) {
    if (kind[row] === rowKind.continuation) kind[row] = rowKind.unparsed
  }
}

/** Reads a field from its spans. Where one is not of its type, the next pattern may fit: RE2's row. */
function readLater(
  { name, spans }: FieldPlace,
  { rows, kind, positions }: Scanned,
  exact: ExactLines,
): void {
  const start = positions[spans] ?? noPositions
  const end = positions[spans + 1] ?? noPositions
  const writer = exact.writers.get(name)
  for (let row = 0; row < rows; row++) {
    if (kind[row] !== kernelKind.event || (start[row] ?? -1) < 0) continue
    if (writer?.write(row, start[row] ?? 0, end[row] ?? 0) === false) kind[row] = kernelKind.unsure
  }
}
