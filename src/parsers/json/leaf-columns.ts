/** The columns of one batch while they are filled: values that lie in the line as positions, all
 *  others as text put behind the lines, so that later stages find bytes either way. */
import {
  MixedColumn,
  SpanColumn,
  ValueColumn,
  WordColumn,
  type Column,
} from '../../model/columns.ts'
import { levels } from '../../model/event.ts'
import type { BatchMemory } from './batch-memory.ts'
import { unescapeInto } from './bytes.ts'
import { leafKind, type Leaves } from './leaves.ts'
import type { LeafName } from './shapes.ts'

/** Distinct fields of a batch besides our own names; further ones are ignored. */
const otherFieldsMax = 256
/** Rows times columns that are filled as arrays of positions: one line of many fields in a batch of
 *  short ones would take gigabytes. Further columns take what their values take. */
const cellsMax = 1_048_576

/** Where the values of a name go in one batch. */
export type BatchColumn = LeafColumn | LevelColumn | SparseColumn

/** A field with a position, and perhaps a number, for each row. */
export class LeafColumn {
  readonly #memory: BatchMemory
  readonly #start: Int32Array
  readonly #end: Int32Array
  #numbers: Float64Array | null = null
  /** Some row holds text. */
  #texts = false
  /** Values that UTF-8 cannot say. */
  #odd: Map<number, string> | null = null

  constructor(memory: BatchMemory) {
    this.#memory = memory
    this.#start = memory.positions().fill(-1)
    this.#end = memory.positions()
  }

  put(row: number, leaves: Leaves, index: number): void {
    const kind = leaves.kinds[index]!
    if (kind < leafKind.number) {
      this.#texts = true
      if (this.#numbers !== null) this.#numbers[row] = NaN
    } else {
      this.#numbers ??= this.#memory.numbers().fill(NaN)
      this.#numbers[row] = leaves.numbers[index]!
    }
    this.#odd?.delete(row)
    if (kind === leafKind.escaped) return this.#putEscaped(row, leaves, index)
    if (kind === leafKind.otherNumber) {
      const text = String(leaves.numbers[index])
      const at = this.#memory.text.add(text)
      this.#start[row] = at
      this.#end[row] = at + text.length
      return
    }
    this.#start[row] = leaves.starts[index]!
    this.#end[row] = leaves.ends[index]!
  }

  #putEscaped(row: number, leaves: Leaves, index: number): void {
    const { text } = this.#memory
    const [from, to] = [leaves.starts[index]!, leaves.ends[index]!]
    const at = text.reserve(to - from)
    const end = unescapeInto(text.bytes, from, to, text.bytes, at)
    if (end < 0) {
      this.#odd ??= new Map()
      this.#odd.set(row, leaves.value(index, text.bytes) as string)
    } else text.keep(end)
    this.#start[row] = at
    this.#end[row] = Math.max(at, end)
  }

  done(): Column {
    const { bytes } = this.#memory.text
    const spans = { start: this.#start, end: this.#end }
    const numbers = this.#numbers
    const plain = this.#odd === null && (numbers === null || !this.#texts)
    return plain
      ? new SpanColumn(bytes, spans, numbers)
      : new MixedColumn(new SpanColumn(bytes, spans, numbers), this.#odd)
  }
}

/** The field `level`, which holds our levels only. */
export class LevelColumn {
  readonly #column: WordColumn

  constructor(rows: number) {
    this.#column = new WordColumn(levels, rows)
  }

  /** @param code Index of the level plus one. */
  putCode(row: number, code: number): void {
    this.#column.codes[row] = code
  }

  done(): Column {
    return this.#column
  }
}

/** A field of few rows in a batch of many. Values start empty and grow. */
export class SparseColumn {
  readonly #memory: BatchMemory
  readonly #column = new ValueColumn(0)

  constructor(memory: BatchMemory) {
    this.#memory = memory
  }

  put(row: number, leaves: Leaves, index: number): void {
    this.#column.values[row] = leaves.value(index, this.#memory.text.bytes)
  }

  done(): Column {
    return this.#column
  }
}

let batches = 0

/** All columns of one batch, made when the first value comes. */
export class BatchColumns {
  readonly #memory: BatchMemory
  readonly #rows: number
  readonly #batch: number
  readonly #columns: BatchColumn[] = []
  /** Number of each field's column, in the order in which their first values came. */
  readonly #numbers = new Map<string, number>()

  constructor(memory: BatchMemory, rows: number) {
    this.#memory = memory
    this.#rows = rows
    this.#batch = ++batches
  }

  /** The column of a name; null when the batch has too many. */
  of(name: LeafName): BatchColumn | null {
    if (name.batch !== this.#batch) {
      name.batch = this.#batch
      name.column = this.#numbers.get(name.text) ?? this.#make(name)
    }
    return this.#columns[name.column] ?? null
  }

  #make({ text, field, isLevel }: LeafName): number {
    const number = this.#columns.length
    if (number >= otherFieldsMax && field === null) return -1
    this.#numbers.set(text, number)
    if (isLevel) this.#columns.push(new LevelColumn(this.#rows))
    else if ((number + 1) * this.#rows > cellsMax)
      this.#columns.push(new SparseColumn(this.#memory))
    else this.#columns.push(new LeafColumn(this.#memory))
    return number
  }

  /** The columns in the order in which their first values came. */
  done(): Map<string, Column> {
    return new Map([...this.#numbers].map(([name, at]) => [name, this.#columns[at]!.done()]))
  }
}
