/** The parser of JSON lines in the plainest form: a string a line, an object a leaf, a map a row. Too
 *  slow to ship, and what the parser that ships is compared with. */
import {
  rowKind,
  ValueColumn,
  type Column,
  type Columns,
  type Unparsed,
} from '../../../src/model/columns.ts'
import { aliasOf, type Alias } from '../../../src/parsers/json/aliases.ts'
import { toLevel } from '../../../src/parsers/levels.ts'
import { splitLines } from '../../../src/parsers/lines.ts'
import { readEpoch, timeReader } from '../../../src/parsers/time.ts'

/** Distinct fields of a batch besides our own names; further ones are ignored. */
const otherFieldsMax = 256

/** Objects and arrays inside each other; a deeper line is unparsed. */
const depthMax = 32
/** Leaves taken of one line; further ones are checked and ignored. */
const leavesMax = 1_024
/** Characters of a dotted name; a leaf with a longer one is ignored. */
const nameLengthMax = 256

/** A value inside the object; null values are no leaves, arrays are leaves as their JSON text. */
interface Leaf {
  readonly name: string
  readonly value: string | number
}

/** Why a line is no JSON object; `unit` is where, in UTF-16 units from 0. */
class JsonFault extends Error {
  readonly unit: number

  constructor(reason: string, unit: number) {
    super(reason)
    this.unit = unit
  }
}

/**
 * The leaves of a line that is one JSON object, in order; a name may come twice.
 * @throws JsonFault for any other text.
 */
function readJsonLine(text: string): Leaf[] {
  const scan = { text, at: 0, leaves: [] }
  if (peek(scan) !== '{') throw new JsonFault('no JSON object', scan.at)
  readObject(scan, '', 1)
  if (peek(scan) !== '') throw new JsonFault('text after the JSON object', scan.at)
  return scan.leaves
}

const word = /true|false|null/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

interface Scan {
  readonly text: string
  at: number
  readonly leaves: Leaf[]
}

function readObject(scan: Scan, prefix: string, depth: number): void {
  readList(scan, '}', depth, () => {
    if (peek(scan) !== '"') throw new JsonFault('a name in quotes is expected', scan.at)
    const key = readString(scan)
    take(scan, ':')
    readValue(scan, join(prefix, key), depth)
  })
}

/** A name that is already too long is no longer joined, which would cost its length at each leaf. */
function join(prefix: string, key: string): string {
  if (prefix.length > nameLengthMax) return prefix
  return prefix === '' ? key : `${prefix}.${key}`
}

/** Reads a value; a null name reads without keeping leaves. */
function readValue(scan: Scan, name: string | null, depth: number): void {
  const first = peek(scan)
  const start = scan.at
  if (first === '{') {
    if (name !== null) return readObject(scan, name, depth + 1)
    return readList(scan, '}', depth + 1, () => {
      if (peek(scan) !== '"') throw new JsonFault('a name in quotes is expected', scan.at)
      readString(scan)
      take(scan, ':')
      readValue(scan, null, depth + 1)
    })
  }
  if (first === '[') {
    readList(scan, ']', depth + 1, () => readValue(scan, null, depth + 1))
    return keep(scan, name, scan.text.slice(start, scan.at))
  }
  if (first === '"') return keep(scan, name, readString(scan))
  word.lastIndex = start
  const literal = word.exec(scan.text)?.[0]
  if (literal === undefined) return keep(scan, name, readNumber(scan))
  scan.at += literal.length
  if (literal !== 'null') keep(scan, name, literal)
}

/** Reads the members of an object or array, from its first bracket to its last. */
function readList(scan: Scan, close: '}' | ']', depth: number, member: () => void): void {
  if (depth > depthMax) throw new JsonFault(`nested deeper than ${depthMax}`, scan.at)
  scan.at += 1
  if (peek(scan) === close) {
    scan.at += 1
    return
  }
  for (;;) {
    member()
    const next = peek(scan)
    if (next === '') throw new JsonFault(`the line ends before "${close}"`, scan.at)
    if (next !== ',' && next !== close) {
      throw new JsonFault(`"," or "${close}" is expected`, scan.at)
    }
    scan.at += 1
    if (next === close) return
  }
}

function keep(scan: Scan, name: string | null, value: string | number): void {
  if (name === null || name.length > nameLengthMax || scan.leaves.length >= leavesMax) return
  scan.leaves.push({ name, value })
}

/** The next character that is no white space; '' at the end. */
function peek(scan: Scan): string {
  for (; scan.at < scan.text.length; scan.at++) {
    const character = scan.text[scan.at] ?? ''
    if (character !== ' ' && character !== '\t' && character !== '\r' && character !== '\n') {
      return character
    }
  }
  return ''
}

function take(scan: Scan, character: string): void {
  if (peek(scan) !== character) throw new JsonFault(`"${character}" is expected`, scan.at)
  scan.at += 1
}

/** Reads a string, at whose opening quote the scan stands. */
function readString(scan: Scan): string {
  const start = scan.at
  let escaped = false
  for (let at = start + 1; at < scan.text.length; at++) {
    const code = scan.text.charCodeAt(at)
    if (code === 0x22) {
      scan.at = at + 1
      return escaped ? unescape(scan.text, start, at + 1) : scan.text.slice(start + 1, at)
    }
    if (code < 0x20) throw new JsonFault('a control character in a string', at)
    if (code === 0x5c) {
      escaped = true
      at += 1
    }
  }
  throw new JsonFault('a string without its closing quote', start)
}

function unescape(text: string, start: number, end: number): string {
  try {
    return JSON.parse(text.slice(start, end)) as string
  } catch {
    throw new JsonFault('a bad escape in a string', start)
  }
}

/** A number, or its text where a double would alter it. */
function readNumber(scan: Scan): string | number {
  number.lastIndex = scan.at
  const text = number.exec(scan.text)?.[0]
  if (text === undefined) throw new JsonFault('a value is expected', scan.at)
  scan.at += text.length
  return exactNumber(text)
}

/** Doubles hold every number of up to 15 digits in their normal range, and every safe integer. */
function exactNumber(text: string): string | number {
  const value = Number(text)
  const digits = /^-?0*\.?0*([\d.]*)/.exec(text)?.[1]?.replace('.', '') ?? ''
  if (digits === '') return 0
  const normal = Number.isFinite(value) && Math.abs(value) >= 2.3e-308
  const exact = digits.length <= 15 || Number.isSafeInteger(value) || String(value) === text
  return normal && exact ? value : text
}

const readText = timeReader(['rfc3339', 'epoch'])

/** What the parser gives for a batch, with times that name no zone read in `zone`. */
export function parseJsonPlainly(bytes: Buffer, zone: string): Columns {
  const { rows, lineStart, lineEnd } = splitLines(bytes)
  const kind = new Uint8Array(rows).fill(rowKind.unparsed)
  const time = new Float64Array(rows).fill(NaN)
  const fields = new Map<string, ValueColumn>()
  for (let row = 0; row < rows; row++) {
    const line = bytes.toString('utf8', lineStart[row], lineEnd[row])
    const event = line === '' ? null : readEvent(line, zone)
    if (event === null || 'reason' in event) continue
    kind[row] = rowKind.event
    time[row] = event.time
    for (const [field, value] of event.fields) put(fields, field, row, value)
  }
  const unparsed = (row: number): Unparsed => {
    const event = readEvent(bytes.toString('utf8', lineStart[row], lineEnd[row]), zone)
    return 'reason' in event ? event : { reason: '', column: 1 }
  }
  const columns: Map<string, Column> = fields
  return { bytes, rows, kind, lineStart, lineEnd, time, fields: columns, unparsed }
}

/** A line's fields under our names; time NaN when it gives none. */
interface JsonEvent {
  readonly time: number
  readonly fields: ReadonlyMap<string, string | number>
}

function readEvent(line: string, zone: string): JsonEvent | Unparsed {
  if (line === '') return { reason: 'empty line', column: 1 }
  let leaves: Leaf[]
  try {
    leaves = readJsonLine(line)
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    return { reason: error.message, column: [...line.slice(0, error.unit)].length + 1 }
  }
  const fields = new Map<string, string | number>()
  const candidates = new Map<string, (Leaf & Alias)[]>()
  for (const leaf of leaves) {
    const alias = aliasOf(leaf.name)
    if (alias === undefined) fields.set(leaf.name, leaf.value)
    else {
      const list = candidates.get(alias.field) ?? []
      list.push({ ...leaf, ...alias })
      candidates.set(alias.field, list)
    }
  }
  const times = candidates.get('time') ?? []
  const time = readTime(times, zone)
  if (Number.isNaN(time) && times.length > 0) return { reason: 'bad time', column: 1 }
  candidates.delete('time')
  for (const list of candidates.values()) choose(list, fields)
  return { time, fields }
}

/** Sets a field from the best of its names; the others stay under their own names, unless that is
 *  a name of ours. Of one name given twice the last counts, as JSON.parse has it. */
function choose(list: readonly (Leaf & Alias)[], fields: Map<string, string | number>): void {
  const seen = new Set<string>()
  let chosen = false
  for (const { name, field, value } of list.toReversed().sort((a, b) => a.rank - b.rank)) {
    if (seen.has(name)) continue
    seen.add(name)
    const usable = chosen ? null : field === 'level' ? toLevel(value) : value
    if (usable !== null) {
      fields.set(field, usable)
      chosen = true
    } else if (name !== field) fields.set(name, value)
  }
}

/** The best readable time. One that cannot be read must not hide another that can. */
function readTime(list: readonly (Leaf & Alias)[], zone: string): number {
  for (const { value } of list.toReversed().sort((a, b) => a.rank - b.rank)) {
    const bytes = Buffer.from(String(value))
    const read = typeof value === 'number' ? readEpoch : readText
    const time = read(bytes, 0, bytes.length, zone)
    if (!Number.isNaN(time)) return time
  }
  return NaN
}

/** Values start empty and grow: an array a field and row would let one line of many fields in a
 *  batch of short ones take gigabytes. */
function put(
  fields: Map<string, ValueColumn>,
  field: string,
  row: number,
  value: string | number,
): void {
  let column = fields.get(field)
  if (column === undefined) {
    if (fields.size >= otherFieldsMax && aliasOf(field) === undefined) return
    column = new ValueColumn(0)
    fields.set(field, column)
  }
  column.values[row] = value
}
