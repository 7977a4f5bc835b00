/** Signs the events of a batch that have a message: the column `signature`, the verdict series of
 *  each signature, and what was seen of it. */
import {
  lineText,
  SpanColumn,
  ValueColumn,
  WordColumn,
  type Column,
  type Columns,
} from '../model/columns.ts'
import { scopeOf } from '../model/scope.ts'
import { otherSignature, type Signature, type SignatureTable } from '../signatures/signature.ts'
import type { SignatureDelta } from '../store/state.ts'
import { itemKey } from '../windows/history.ts'
import type { ItemPanes } from './item-panes.ts'
import type { RowScopes } from './scopes.ts'
import type { Timed } from './timing.ts'

/** Levels that count as errors in decisions and on the page. */
const errorLevels: ReadonlySet<string> = new Set(['emerg', 'alert', 'crit', 'error'])
/** True for error and worse; an event without a level is none. */
export function isErrorLevel(level: string | null): boolean {
  return level !== null && errorLevels.has(level)
}

/** Bytes of a line kept as a sample. */
export const sampleBytesMax = 1_000

/** What a batch has of one signature in one scope. Its newest line stays a row until it is asked
 *  for: in a burst thousands of lines are the newest for a moment. */
interface Seen {
  readonly signature: Signature
  readonly item: number
  count: number
  first: number
  last: number
  row: number
}

/**
 * @returns The deltas of each scope, by index into `scopes.keys`.
 */
export function signRows(
  columns: Columns,
  timed: Timed,
  scopes: RowScopes,
  table: SignatureTable,
  panes: readonly ItemPanes[],
): readonly (readonly SignatureDelta[])[] {
  const message = columns.fields.get('message')
  if (message === undefined) return []
  const signatureAt = signatureReader(message, columns.fields.get('exception'), table)
  const isError = errorReader(columns.fields.get('level'))
  const lines = new LineOrder(columns)
  const signed = new ValueColumn(columns.rows)
  const seen = scopes.keys.map((key, scope) => new SeenInScope(key, table, panes[scope]!))
  const { rows } = timed
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    const raw = signatureAt(row)
    if (raw === null) continue
    const into = seen[scopes.of === null ? 0 : scopes.of[row]!]!
    const time = timed.time[row]!
    const one = into.of(raw, time, row)
    signed.values[row] = one.signature.id
    see(lines, one, time, row)
    const late = timed.late[row]!
    const judged = late === 0 && isError(row) ? 1 : 0
    into.panes.add(one.item, Math.floor(time / 1_000), 1 - late, late, judged)
  }
  columns.fields.set('signature', signed)
  return seen.map((each) => each.done(columns))
}

/** The signature of a row's message, whatever its scope; null where it has none. */
function signatureReader(
  message: Column,
  exception: Column | undefined,
  table: SignatureTable,
): (row: number) => Signature | null {
  const byText = (row: number): Signature | null => {
    const text = message.text(row)
    return text === null ? null : table.ofText(text, exception?.text(row) ?? null)
  }
  if (!(message instanceof SpanColumn)) return byText
  const { bytes, start, end } = message
  const text = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
  const bySpan = (row: number): Signature | null =>
    start[row]! < 0 ? null : table.ofSpan(text, start[row]!, end[row]!, -1, -1)
  if (exception === undefined) return bySpan
  if (!(exception instanceof SpanColumn) || exception.bytes !== bytes) {
    return (row) => (exception.has(row) ? byText(row) : bySpan(row))
  }
  return (row) =>
    start[row]! < 0
      ? null
      : table.ofSpan(text, start[row]!, end[row]!, exception.start[row]!, exception.end[row]!)
}

/** Whether a row's level is error or worse. */
function errorReader(level: Column | undefined): (row: number) => boolean {
  if (!(level instanceof WordColumn)) return (row) => isErrorLevel(level?.text(row) ?? null)
  const { codes } = level
  const isError = [false, ...level.words.map((word) => isErrorLevel(word))]
  return (row) => isError[codes[row]!]!
}

/** The signatures of a batch in one scope. */
class SeenInScope {
  readonly panes: ItemPanes
  readonly #scope: string
  readonly #table: SignatureTable
  /** By what the message alone says, and by id: what is remembered of messages may have been
   *  forgotten within the batch, and several may be `other`. */
  readonly #byMessage = new Map<Signature, Seen>()
  readonly #byId = new Map<string, Seen>()

  constructor(scope: string, table: SignatureTable, panes: ItemPanes) {
    this.#scope = scope
    this.#table = table
    this.panes = panes
  }

  of(raw: Signature, time: number, row: number): Seen {
    const known = this.#byMessage.get(raw)
    if (known !== undefined) return known
    const signature = this.#table.admit(this.#scope, raw)
    const seen = this.#byId.get(signature.id) ?? this.#first(signature, time, row)
    this.#byMessage.set(raw, seen)
    return seen
  }

  #first(signature: Signature, time: number, row: number): Seen {
    const item = this.panes.id(itemKey('signature', signature.id))
    const seen = { signature, item, count: 0, first: time, last: time, row }
    this.#byId.set(signature.id, seen)
    return seen
  }

  done(columns: Columns): readonly SignatureDelta[] {
    this.#table.countOverflow(this.#byId.get(otherSignature.id)?.count ?? 0)
    return [...this.#byId.values()].map((each) => deltaOf(columns, each, this.#scope))
  }
}

/** The newest line is kept; of two at one time the greater text, as mergeSignature does. */
function see(lines: LineOrder, seen: Seen, time: number, row: number): void {
  seen.count += 1
  if (time < seen.first) seen.first = time
  if (time < seen.last || row === seen.row) return
  if (time === seen.last && !lines.isGreater(row, seen.row)) return
  seen.last = time
  seen.row = row
}

/** Compares the lines of rows as their texts compare, but in place. */
class LineOrder {
  readonly #columns: Columns
  readonly #view: DataView

  constructor(columns: Columns) {
    const { bytes } = columns
    this.#columns = columns
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** True when the text of `row` is greater than that of `other`, both cut to a sample. */
  isGreater(row: number, other: number): boolean {
    const { lineStart, lineEnd, bytes } = this.#columns
    const view = this.#view
    const [from, start] = [lineStart[row]!, lineStart[other]!]
    const [mine, its] = [lineEnd[row]! - from, lineEnd[other]! - start]
    const length = Math.min(mine, its, sampleBytesMax)
    let at = 0
    while (at + 4 <= length && view.getInt32(from + at) === view.getInt32(start + at)) at += 4
    while (at < length && bytes[from + at] === bytes[start + at]) at += 1
    // Up to its last character one is the other: the longer is the greater, unless both are cut.
    if (at === length && isAscii(bytes, from + at - 1)) return length < sampleBytesMax && mine > its
    if (at < length && isAscii(bytes, from + at) && isAscii(bytes, start + at)) {
      return bytes[from + at]! > bytes[start + at]!
    }
    const text = (each: number): string => lineText(this.#columns, each, sampleBytesMax)
    return text(row) > text(other)
  }
}

function isAscii(bytes: Buffer, at: number): boolean {
  return bytes[at]! < 0x80
}

function deltaOf(columns: Columns, seen: Seen, scope: string): SignatureDelta {
  const { id, template } = seen.signature
  return {
    ...scopeOf(scope),
    id,
    group: id,
    template,
    level: columns.fields.get('level')?.text(seen.row) ?? null,
    firstSeen: seen.first,
    lastSeen: seen.last,
    count: seen.count,
    sample: lineText(columns, seen.row, sampleBytesMax),
  }
}
