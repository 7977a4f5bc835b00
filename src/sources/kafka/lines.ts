/** Messages of one partition → lines with their positions, arrivals and fields. Which messages are
 *  new is left to partition.ts.
 *  A position is a pure function of the message's offset and the line's number in it, so that an
 *  event has the same id whoever reads it and however often. */
import type { Column } from '../../model/columns.ts'
import { cutField, type LineFacts } from '../../model/event.ts'
import { LineCutter, lineBytesMax } from '../lines.ts'
import type { HeaderValue, ReadMessage } from './message.ts'

/** Distance of the positions of two messages: `position / 10,000` is the offset, the rest the number
 *  of the line in its message. Lines of a message beyond it share the last position: they count like
 *  others, but only one of them can be looked up. Offsets up to 900,719,925,474 keep each line apart,
 *  which a partition with 1,000 messages a second reaches after 28 years; greater ones keep each
 *  message apart. */
export const positionsPerMessage = 10_000

/** Bytes of messages put into one batch, unless one message is longer. */
const batchBytesMax = 262_144
/** Messages in one batch. */
const batchMessagesMax = 10_000
/** Fields that headers may make in one batch; further ones are left out. */
export const headerFieldsMax = 32
/** Characters kept of a key, of the name and of the value of a header. */
const textCharsMax = 1_000

/** Headers that name what a line may name itself; they fill these fields. */
const standardHeaders: ReadonlySet<string> = new Set([
  'service',
  'env',
  'host',
  'sha',
  'request_id',
])

const lf = 10

/** A stretch of messages as lines. */
export interface PackedLines {
  readonly bytes: Buffer
  readonly lines: LineFacts
  /** Bytes left out at the ends of over-long lines. */
  readonly skippedBytes: number
  /** Messages that were taken, those without a value included. */
  readonly messages: readonly ReadMessage[]
  /** Messages without a value: they mark a key as deleted and carry no line. */
  readonly tombstones: number
}

/**
 * Takes as many messages as fit into one batch, at least one; a message is never divided.
 * @param base Position of offset 0.
 * @param nowMs A message from the future, or without a time, arrived now.
 */
export function packMessages(
  messages: readonly ReadMessage[],
  base: number,
  nowMs: number,
): PackedLines {
  const taken = take(messages)
  const parts: Buffer[] = []
  const positions: number[] = []
  const arrivals: number[] = []
  const messageOf: number[] = []
  const cutRows = new Set<number>()
  let skippedBytes = 0
  for (const [index, message] of taken.entries()) {
    const line = lineOf(message)
    if (line === null) continue
    const cut = cutLines(line)
    parts.push(...cut.parts)
    skippedBytes += cut.skippedBytes
    for (const line of cut.cutLines) cutRows.add(messageOf.length + line)
    const first = base + Number(message.offset) * positionsPerMessage
    const arrival = arrivalOf(message, nowMs)
    for (let line = 0; line < cut.lines; line++) {
      positions.push(first + Math.min(line, positionsPerMessage - 1))
      arrivals.push(arrival)
      messageOf.push(index)
    }
  }
  return {
    bytes: Buffer.concat(parts),
    lines: {
      positions: Float64Array.from(positions),
      arrivals: Float64Array.from(arrivals),
      fields: withCut(fieldsOf(taken, Int32Array.from(messageOf)), cutRows),
    },
    skippedBytes,
    messages: taken,
    tombstones: taken.filter((each) => each.value === null && each.unwrapped === undefined).length,
  }
}

/** What becomes lines; null when nothing does. */
function lineOf({ unwrapped, value }: ReadMessage): Buffer | null {
  return unwrapped === undefined ? value : (unwrapped?.line ?? null)
}

function take(messages: readonly ReadMessage[]): readonly ReadMessage[] {
  let bytes = 0
  let count = 0
  for (const { value } of messages.slice(0, batchMessagesMax)) {
    bytes += value?.length ?? 0
    if (count > 0 && bytes > batchBytesMax) break
    count += 1
  }
  return messages.slice(0, count)
}

interface CutLines {
  readonly parts: readonly Buffer[]
  readonly lines: number
  readonly skippedBytes: number
  /** Numbers of the lines that were cut. */
  readonly cutLines: readonly number[]
}

const newline = Buffer.from([lf])

/** The lines of a value, each with its LF; a value without any byte is one empty line. */
function cutLines(value: Buffer): CutLines {
  if (value.length <= lineBytesMax) {
    const parts = value.at(-1) === lf ? [value] : [value, newline]
    return { parts, lines: countLines(parts), skippedBytes: 0, cutLines: [] }
  }
  // Not from offset 0: a byte order mark is dropped at the beginning of a file only.
  const cutter = new LineCutter(1)
  const pieces = cutter.push(value)
  const rest = cutter.finish(true)
  if (rest !== null) pieces.push(rest)
  const parts = pieces.map(({ bytes }) => bytes)
  const skippedBytes = pieces.reduce((sum, piece) => sum + piece.skippedBytes, 0)
  const cutLines = pieces.flatMap((piece, at) =>
    piece.skippedBytes === 0 ? [] : [countLines(parts.slice(0, at))],
  )
  return { parts, lines: countLines(parts), skippedBytes, cutLines }
}

/** Adds the mark of the lines that were cut, if any were. */
function withCut(fields: Map<string, Column>, rows: ReadonlySet<number>): Map<string, Column> {
  if (rows.size === 0) return fields
  const text = (row: number): string | null => (rows.has(row) ? 'true' : null)
  const has = (row: number): boolean => rows.has(row)
  return fields.set(cutField, { text, value: text, number: () => null, has })
}

function countLines(parts: readonly Buffer[]): number {
  let count = 0
  for (const part of parts) {
    for (let at = part.indexOf(lf); at >= 0; at = part.indexOf(lf, at + 1)) count += 1
  }
  return count
}

function arrivalOf({ timestamp, unwrapped }: ReadMessage, nowMs: number): number {
  const time = unwrapped?.timeMs ?? Number(timestamp)
  return time >= 0 && time < nowMs ? time : nowMs
}

/** `key`, and one field for each header that any of the messages has. */
function fieldsOf(messages: readonly ReadMessage[], messageOf: Int32Array): Map<string, Column> {
  const fields = new Map<string, MessageColumn>()
  for (const [index, { key, headers, unwrapped }] of messages.entries()) {
    if (key !== null && key.length > 0) put(fields, 'key', messageOf, index, key)
    for (const [header, value] of Object.entries(headers ?? {})) {
      const last = Array.isArray(value) ? (value as HeaderValue[]).at(-1) : (value as HeaderValue)
      if (last === undefined || last.length === 0) continue
      const name = standardHeaders.has(header) ? header : `header.${header.slice(0, textCharsMax)}`
      put(fields, name, messageOf, index, last)
    }
    for (const [name, value] of unwrapped?.fields ?? []) put(fields, name, messageOf, index, value)
  }
  return fields
}

function put(
  fields: Map<string, MessageColumn>,
  name: string,
  messageOf: Int32Array,
  message: number,
  value: HeaderValue,
): void {
  let column = fields.get(name)
  if (column === undefined) {
    if (name !== 'key' && fields.size >= headerFieldsMax) return
    column = new MessageColumn(messageOf)
    fields.set(name, column)
  }
  // A character is at most four bytes of UTF-8.
  const text = typeof value === 'string' ? value : value.toString('utf8', 0, textCharsMax * 4)
  column.values.set(message, text.slice(0, textCharsMax))
}

/** A text for each message that all its lines share; holds nothing for the others. */
class MessageColumn implements Column {
  readonly values = new Map<number, string>()
  readonly #messageOf: Int32Array

  constructor(messageOf: Int32Array) {
    this.#messageOf = messageOf
  }

  text(row: number): string | null {
    return this.values.get(this.#messageOf[row] ?? -1) ?? null
  }

  number(row: number): number | null {
    const value = Number(this.text(row) ?? NaN)
    return Number.isNaN(value) ? null : value
  }

  value(row: number): string | null {
    return this.text(row)
  }

  has(row: number): boolean {
    return this.values.has(this.#messageOf[row] ?? -1)
  }
}
