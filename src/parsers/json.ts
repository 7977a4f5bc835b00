/** The parser of JSON lines: the fields that loggers agree on get our names, all others keep theirs
 *  with dots between levels. Bytes become columns without an object or string for a line; how is
 *  docs/how/hot-path.md. */
import { rowKind, type Columns, type Unparsed } from '../model/columns.ts'
import { BatchMemory, type Expected } from './json/batch-memory.ts'
import { faultOf } from './json/fault.ts'
import { BatchColumns } from './json/leaf-columns.ts'
import { Leaves } from './json/leaves.ts'
import { LineReader } from './json/reader.ts'
import { RowWriter } from './json/row-writer.ts'
import { Shapes } from './json/shapes.ts'
import { splitLines } from './lines.ts'
import type { ParseContext, Parser } from './parser.ts'

/** What is expected of the first batch, and of any at least. */
const expectedAtFirst: Expected = { rowBytes: 256, valueBytes: 4_096 }

/** Events of lines that are one JSON object; any other line is unparsed. */
export function jsonParser(name: string): Parser {
  const batches = new JsonBatches()
  return {
    name,
    multiline: false,
    access: false,
    parse: (bytes, context) => batches.parse(bytes, context),
  }
}

/** What is kept from batch to batch: shapes and scratch memory, nothing that a result depends on. */
class JsonBatches {
  readonly #shapes = new Shapes()
  readonly #leaves = new Leaves()
  readonly #reader = new LineReader(this.#shapes, this.#leaves)
  readonly #writer = new RowWriter(this.#leaves)
  #expected = expectedAtFirst

  parse(bytes: Buffer, { zone, room }: ParseContext): Columns {
    this.#shapes.trim()
    const { rows, lineStart, lineEnd } = splitLines(bytes)
    const memory = new BatchMemory(bytes, rows, this.#expected, room)
    const columns = new BatchColumns(memory, rows)
    const kind = new Uint8Array(rows).fill(rowKind.unparsed)
    const time = memory.numbers().fill(NaN)
    const reader = this.#reader
    const writer = this.#writer
    reader.begin(memory.text.bytes, memory.text.view)
    writer.begin(memory, columns, zone)
    for (let row = 0; row < rows; row++) {
      if (!reader.read(lineStart[row]!, lineEnd[row]!)) continue
      if (writer.write(row, time)) kind[row] = rowKind.event
    }
    reader.end()
    writer.end()
    this.#expected = moreOf(memory.taken, expectedAtFirst)
    const unparsed = (row: number): Unparsed =>
      explain(bytes.toString('utf8', lineStart[row], lineEnd[row]), kind[row] === rowKind.event)
    return { bytes, rows, kind, lineStart, lineEnd, time, fields: columns.done(), unparsed }
  }
}

function moreOf(a: Expected, b: Expected): Expected {
  const rowBytes = Math.max(a.rowBytes, b.rowBytes)
  return { rowBytes, valueBytes: Math.max(a.valueBytes, b.valueBytes) }
}

function explain(line: string, isEvent: boolean): Unparsed {
  if (isEvent) return { reason: '', column: 1 }
  if (line === '') return { reason: 'empty line', column: 1 }
  const fault = faultOf(line)
  // What can be read is unparsed for its time alone.
  if (fault === null) return { reason: 'bad time', column: 1 }
  return { reason: fault.reason, column: [...line.slice(0, fault.unit)].length + 1 }
}
