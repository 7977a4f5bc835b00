/** Memory of one batch: its text with room behind it for values that do not lie in it as they are,
 *  and the columns. One piece, which the next batch may use again, as fresh memory for each would cost
 *  more than reading some of the fields. */
import type { ColumnRoom } from '../../model/columns.ts'
import { padding } from './bytes.ts'

const LF = 10
/** What the memory of a batch is expected to hold beside its text; what it has held is the best guess
 *  for the next one. */
export interface Expected {
  /** Bytes a row that columns take. */
  readonly rowBytes: number
  /** Bytes of values behind the text. */
  readonly valueBytes: number
}

/** Columns that take more get memory of their own: a batch of short lines may follow one of wide ones. */
const columnBytesMax = 4_194_304

/** The text of a batch, at the same positions as in the batch itself, and values behind it. */
export class BatchText {
  bytes: Buffer
  view: DataView
  /** Where the next value is put. */
  #end: number
  readonly #valuesAt: number

  constructor(text: Buffer, memory: ArrayBufferLike, size: number) {
    this.bytes = Buffer.from(memory, 0, size)
    this.view = new DataView(memory, 0, size)
    this.bytes.set(text)
    this.bytes.fill(LF, text.length, text.length + padding)
    this.#valuesAt = text.length + padding
    this.#end = this.#valuesAt
  }

  /** Bytes of all values so far. */
  get valueBytes(): number {
    return this.#end - this.#valuesAt
  }

  /** Makes sure that a value of so many bytes fits. @returns Where it is to be put. */
  reserve(length: number): number {
    if (this.#end + length > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow((this.#end + length) * 2)
      larger.set(this.bytes.subarray(0, this.#end))
      this.bytes = larger
      this.view = new DataView(larger.buffer)
    }
    return this.#end
  }

  /** The value that was put where `reserve` said ends here. */
  keep(end: number): void {
    this.#end = end
  }

  /** Adds a value. @returns Where it begins. */
  add(value: string): number {
    const at = this.reserve(value.length * 3)
    this.#end = at + this.bytes.write(value, at)
    return at
  }
}

/** Hands out arrays for rows, and remembers how much was asked for. */
export class BatchMemory {
  readonly text: BatchText
  readonly #rows: number
  readonly #memory: ArrayBufferLike
  #at: number
  #asked = 0

  /** @param room Where all of it may be put; memory of its own when undefined. */
  constructor(text: Buffer, rows: number, expected: Expected, room: ColumnRoom | undefined) {
    const textBytes = aligned(text.length + padding + expected.valueBytes)
    const size = textBytes + Math.min(rows * expected.rowBytes, columnBytesMax)
    this.#memory = room === undefined ? Buffer.allocUnsafeSlow(size).buffer : room.take(size)
    this.#at = textBytes
    this.#rows = rows
    this.text = new BatchText(text, this.#memory, textBytes)
  }

  /** What to expect of a batch like this one. */
  get taken(): Expected {
    const rowBytes = this.#rows === 0 ? 0 : aligned(this.#asked / this.#rows)
    return { rowBytes, valueBytes: this.text.valueBytes * 2 }
  }

  positions(): Int32Array {
    const at = this.#take(4)
    return at < 0 ? new Int32Array(this.#rows) : new Int32Array(this.#memory, at, this.#rows)
  }

  numbers(): Float64Array {
    const at = this.#take(8)
    return at < 0 ? new Float64Array(this.#rows) : new Float64Array(this.#memory, at, this.#rows)
  }

  /** @returns Where an array of elements of this size lies; -1 when there is no room for it. */
  #take(size: number): number {
    const at = this.#at
    const bytes = aligned(size * this.#rows)
    this.#asked += bytes
    if (at + bytes > this.#memory.byteLength) return -1
    this.#at = at + bytes
    return at
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}
