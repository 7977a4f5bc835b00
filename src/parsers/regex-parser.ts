/** The parser of declared patterns: decodes a line, lets RE2 capture, and fills columns.
 *  The reference semantics: a pattern sees the line as UTF-8 with U+FFFD for invalid bytes; what it
 *  captures is given as the bytes it came from. The parsers of compile/ say the same without strings,
 *  and hand the lines that they are not sure of to this one. Splitting, times, numbers and columns
 *  are in files of their own. */
import { rowKind, type Column, type Columns, type Unparsed } from '../model/columns.ts'
import type { Level } from '../model/event.ts'
import { fieldColumn, fieldWriter, timeWriter, type FieldWriter } from './field-writers.ts'
import { splitLines } from './lines.ts'
import type { ParseContext, Parser } from './parser.ts'
import type { Pattern } from './pattern.ts'
import type { FieldType } from './schema.ts'
import type { TimeReader } from './time.ts'
import { unitMap } from './utf8.ts'

/** What definition.ts has made of a checked definition. */
export interface DeclaredParts {
  readonly name: string
  readonly patterns: readonly Pattern[]
  readonly continuation: Pattern | null
  /** Type by field, for all groups of all patterns but `time` and `level`. */
  readonly types: ReadonlyMap<string, FieldType>
  readonly readTime: TimeReader
  /** What `readTime` reads by. */
  readonly timeFormats: readonly string[]
  /** Zone that goes before the source's; null: the source's. */
  readonly zone: string | null
  readonly levelWords: ReadonlyMap<string, Level>
  readonly missing: readonly string[]
}

export function regexParser(parts: DeclaredParts): Parser {
  return {
    name: parts.name,
    multiline: parts.continuation !== null,
    access: parts.patterns.some((pattern) => pattern.groups.includes('status')),
    parse: (bytes, context) => parseBatch(parts, bytes, context),
  }
}

function parseBatch(parts: DeclaredParts, bytes: Buffer, context: ParseContext): Columns {
  const { rows, lineStart, lineEnd } = splitLines(bytes)
  const kind = new Uint8Array(rows).fill(rowKind.unparsed)
  const time = new Float64Array(rows).fill(NaN)
  const fields = emptyFields(parts, bytes, rows)
  const lines = new ExactLines(parts, context.zone, { bytes, time, fields })
  // Once a partition has had an event it stays open: lines that fit nothing may stand between an
  // event and its stack trace, and no batch border can change what is a continuation.
  let open = context.open
  for (let row = 0; row < rows; row++) {
    const found = lines.take(row, lineStart[row] ?? 0, lineEnd[row] ?? 0)
    if (found === rowKind.event) open = true
    if (found !== rowKind.continuation || open) kind[row] = found
  }
  const unparsed = (row: number): Unparsed =>
    explainLine(parts, context.zone, bytes.subarray(lineStart[row], lineEnd[row]))
  return { bytes, rows, kind, lineStart, lineEnd, time, fields, unparsed }
}

/** An empty column for each field that any pattern captures. */
function emptyFields(parts: DeclaredParts, bytes: Buffer, rows: number): Map<string, Column> {
  const fields = new Map<string, Column>()
  for (const name of parts.patterns.flatMap((pattern) => pattern.groups)) {
    if (name === 'time' || fields.has(name)) continue
    const type = name === 'level' ? 'level' : (parts.types.get(name) ?? 'text')
    fields.set(name, fieldColumn(type, bytes, rows))
  }
  return fields
}

/** What one batch is filled into. */
interface Target {
  readonly bytes: Buffer
  readonly time: Float64Array
  readonly fields: ReadonlyMap<string, Column>
}

/** Takes lines of one batch, one at a time and in any order. */
export class ExactLines {
  readonly #parts: DeclaredParts
  readonly #bytes: Buffer
  /** By field; `time` is the event time. */
  readonly writers = new Map<string, FieldWriter>()

  constructor(parts: DeclaredParts, sourceZone: string, { bytes, time, fields }: Target) {
    this.#parts = parts
    this.#bytes = bytes
    const zone = parts.zone ?? sourceZone
    this.writers.set('time', timeWriter(parts.readTime, zone, bytes, time))
    for (const [name, column] of fields) {
      const type = name === 'level' ? 'level' : (parts.types.get(name) ?? 'text')
      this.writers.set(name, fieldWriter(type, column, bytes, parts.levelWords))
    }
  }

  /** Fills the row of the line in bytes [start, end), which is empty before; gives its rowKind. */
  take(row: number, start: number, end: number): number {
    if (start === end) return rowKind.unparsed
    const bytes = this.#bytes
    const line = bytes.toString('utf8', start, end)
    if (this.#parts.continuation?.test(line) === true) return rowKind.continuation
    const taken = takeLine(this.#parts, this.writers, { bytes, start, end, line }, row)
    return taken ? rowKind.event : rowKind.unparsed
  }

  /** Makes all values of a row absent. */
  clear(row: number): void {
    for (const writer of this.writers.values()) writer.clear(row)
  }
}

/** A line, decoded and where it lies in bytes. */
interface Line {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly line: string
}

/** Fills the row by the first pattern that fits in form and in the types of its fields. */
function takeLine(
  parts: DeclaredParts,
  writers: ReadonlyMap<string, FieldWriter>,
  line: Line,
  row: number,
): boolean {
  for (const pattern of parts.patterns) {
    const spans = pattern.spans(line.line)
    if (spans === null) continue
    if (badGroup(parts, pattern, spans, writers, line, row) === null) return true
    for (const writer of writers.values()) writer.clear(row)
  }
  return false
}

/** Writes the captured groups; gives the number of the first that is not of its type, else null. */
function badGroup(
  parts: DeclaredParts,
  pattern: Pattern,
  spans: readonly (readonly [number, number] | undefined)[],
  writers: ReadonlyMap<string, FieldWriter>,
  { bytes, start, end, line }: Line,
  row: number,
): number | null {
  const map = unitMap(bytes, start, end, line)
  for (let index = 0; index < pattern.groups.length; index++) {
    const name = pattern.groups[index] ?? ''
    const span = spans[index + 1]
    if (span === undefined || span[0] === span[1]) continue
    if (isMissing(parts.missing, line, span[0], span[1])) continue
    const from = start + (map === null ? span[0] : (map[span[0]] ?? 0))
    const to = start + (map === null ? span[1] : (map[span[1]] ?? 0))
    if (writers.get(name)?.write(row, from, to) === false) return index
  }
  return null
}

function isMissing(missing: readonly string[], line: string, start: number, end: number): boolean {
  for (const text of missing) {
    if (text.length === end - start && line.startsWith(text, start)) return true
  }
  return false
}

/** How much of a line is looked at to say why it is unparsed, bytes: several passes of RE2 over a
 *  mebibyte would hold up everything else. */
const explainedBytesMax = 65_536

/** Why a line is unparsed: parses it once more, alone, as few lines are ever asked about. */
export function explainLine(parts: DeclaredParts, sourceZone: string, whole: Buffer): Unparsed {
  const bytes = whole.subarray(0, explainedBytesMax)
  const line = bytes.toString('utf8')
  if (line === '') return { reason: 'empty line', column: 1 }
  if (parts.continuation?.test(line) === true) {
    return { reason: 'continues an event that is not here', column: 1 }
  }
  const writers = new ExactLines(parts, sourceZone, {
    bytes,
    time: new Float64Array(1),
    fields: emptyFields(parts, bytes, 1),
  }).writers
  for (const pattern of parts.patterns) {
    const spans = pattern.spans(line)
    if (spans === null) continue
    const alone = { bytes, start: 0, end: bytes.length, line }
    const bad = badGroup(parts, pattern, spans, writers, alone, 0)
    if (bad === null) continue
    const reason = `bad ${pattern.groups[bad] ?? ''}`
    return { reason, column: characters(line, spans[bad + 1]?.[0] ?? 0) + 1 }
  }
  const reaches = parts.patterns.map((pattern) => pattern.reach(line))
  const best = reaches.reduce((a, b) => (b.units > a.units ? b : a), { units: 0, group: null })
  const after = best.group === null ? '' : ` after "${best.group}"`
  return {
    reason: `does not match ${parts.name}${after}`,
    column: characters(line, best.units) + 1,
  }
}

/** Characters, not UTF-16 units, in the first `units` of a line. */
function characters(line: string, units: number): number {
  return [...line.slice(0, units)].length
}
