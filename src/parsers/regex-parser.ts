/** The parser of declared patterns: decodes a line, lets RE2 capture, and fills columns.
 *  The reference semantics: a pattern sees the line as UTF-8 with U+FFFD for invalid bytes; what it
 *  captures is given as the bytes it came from. An engine without strings may take this file's
 *  place; splitting, times, numbers and columns are in files of their own. */
import { rowKind, type Column, type Columns, type Unparsed } from '../model/columns.ts'
import type { Level } from '../model/event.ts'
import { fieldWriter, levelWriter, timeWriter, type FieldWriter } from './field-writers.ts'
import { splitLines } from './lines.ts'
import type { ParseContext, Parser } from './parser.ts'
import type { Pattern } from './pattern.ts'
import type { FieldType } from './schema.ts'
import type { TimeReader } from './time.ts'
import { unitMap } from './utf8.ts'

/** What definition.ts has made of a checked definition. */
interface RegexParserParts {
  readonly name: string
  readonly patterns: readonly Pattern[]
  readonly continuation: Pattern | null
  /** Type by field, for all groups of all patterns but `time` and `level`. */
  readonly types: ReadonlyMap<string, FieldType>
  readonly readTime: TimeReader
  /** Zone that goes before the source's; null: the source's. */
  readonly zone: string | null
  readonly levelWords: ReadonlyMap<string, Level>
  readonly missing: readonly string[]
}

export function regexParser(parts: RegexParserParts): Parser {
  return {
    name: parts.name,
    multiline: parts.continuation !== null,
    access: parts.patterns.some((pattern) => pattern.groups.includes('status')),
    parse: (bytes, context) => parseBatch(parts, bytes, context),
  }
}

function parseBatch(parts: RegexParserParts, bytes: Buffer, context: ParseContext): Columns {
  const { rows, lineStart, lineEnd } = splitLines(bytes)
  const kind = new Uint8Array(rows).fill(rowKind.unparsed)
  const time = new Float64Array(rows).fill(NaN)
  const writers = openWriters(parts, context.zone, bytes, time)
  // Once a partition has had an event it stays open: lines that fit nothing may stand between an
  // event and its stack trace, and no batch border can change what is a continuation.
  let open = context.open
  for (let row = 0; row < rows; row++) {
    const start = lineStart[row] ?? 0
    const end = lineEnd[row] ?? 0
    if (start === end) continue
    const line = bytes.toString('utf8', start, end)
    if (parts.continuation?.test(line) === true) {
      if (open) kind[row] = rowKind.continuation
    } else if (takeLine(parts, writers, { bytes, start, end, line }, row)) {
      kind[row] = rowKind.event
      open = true
    }
  }
  const fields = new Map<string, Column>()
  for (const [name, { column }] of writers) if (column !== null) fields.set(name, column)
  const unparsed = (row: number): Unparsed =>
    explain(parts, context, bytes.subarray(lineStart[row], lineEnd[row]))
  return { bytes, rows, kind, lineStart, lineEnd, time, fields, unparsed }
}

/** One writer for each field that any pattern captures. */
function openWriters(
  parts: RegexParserParts,
  sourceZone: string,
  bytes: Buffer,
  time: Float64Array,
): Map<string, FieldWriter> {
  const rows = time.length
  const writers = new Map<string, FieldWriter>()
  for (const name of parts.patterns.flatMap((pattern) => pattern.groups)) {
    if (writers.has(name)) continue
    if (name === 'time') {
      writers.set(name, timeWriter(parts.readTime, parts.zone ?? sourceZone, bytes, time))
    } else if (name === 'level') writers.set(name, levelWriter(parts.levelWords, bytes, rows))
    else writers.set(name, fieldWriter(parts.types.get(name) ?? 'text', bytes, rows))
  }
  return writers
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
  parts: RegexParserParts,
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
  parts: RegexParserParts,
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

/** Why a line is unparsed: parses it once more, alone, as few lines are ever asked about. */
function explain(parts: RegexParserParts, context: ParseContext, bytes: Buffer): Unparsed {
  const line = bytes.toString('utf8')
  if (line === '') return { reason: 'empty line', column: 1 }
  if (parts.continuation?.test(line) === true) {
    return { reason: 'continues an event that is not here', column: 1 }
  }
  const writers = openWriters(parts, context.zone, bytes, new Float64Array(1))
  for (const pattern of parts.patterns) {
    const spans = pattern.spans(line)
    if (spans === null) continue
    const whole = { bytes, start: 0, end: bytes.length, line }
    const bad = badGroup(parts, pattern, spans, writers, whole, 0)
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
