/** All ranges and comparisons of numbers that queries ask of one field: their ends cut the numbers
 *  into cells, and each cell knows the ranges that it lies in. One look-up a row answers them all;
 *  whole numbers such as statuses find their cell in a table. */
import { SpanColumn, type Columns } from '../model/columns.ts'
import type { LeafIndex, LeafQuery, LeafRows } from './leaf-rows.ts'
import { isNumber } from './tree.ts'

/** Ranges of one field that are looked for at once. Cells times ranges is what the table may hold;
 *  further ranges are looked for one by one. */
export const rangesMax = 1_024
/** Whole numbers from 0 that have their cell in a table. */
const tableMax = 1_024

interface Ends {
  readonly low: number
  readonly high: number
  readonly withLow: boolean
  readonly withHigh: boolean
}

/** True for a range of numbers. */
export function isNumberLeaf(query: LeafQuery): boolean {
  if (query.kind !== 'range' || query.field === 'time') return false
  return [query.low, query.high].every((bound) => bound === null || isNumber(bound.value))
}

export class NumberIndex implements LeafIndex {
  readonly #field: string
  readonly #leaves: readonly LeafRows[]
  /** Ends of ranges, ascending. Cell 2i + 1 is the number `ends[i]`, cell 2i the gap before it. */
  readonly #ends: Float64Array
  /** Cell → indexes of the leaves whose range it lies in. */
  readonly #cells: readonly Int32Array[]
  readonly #table: Int32Array

  /** @param leaves Of this field, each one that isNumberLeaf takes. */
  constructor(field: string, leaves: readonly LeafRows[]) {
    this.#field = field
    this.#leaves = leaves
    const ranges = leaves.map(({ query }) => endsOf(query))
    this.#ends = Float64Array.from(
      new Set(leaves.flatMap(({ query }) => writtenEnds(query))),
    ).sort()
    this.#cells = Array.from({ length: this.#ends.length * 2 + 1 }, (_, cell) =>
      this.#rangesOf(cell, ranges),
    )
    this.#table = Int32Array.from({ length: tableMax }, (_, value) => this.#search(value))
  }

  match(columns: Columns, rows: Int32Array): void {
    const column = columns.fields.get(this.#field)
    if (column === undefined) return
    if (column instanceof SpanColumn && column.numbers !== null) {
      const { numbers } = column
      for (let i = 0; i < rows.length; i++) this.#add(numbers[rows[i]!]!, rows[i]!)
      return
    }
    for (const row of rows) this.#add(column.number(row) ?? NaN, row)
  }

  #add(value: number, row: number): void {
    // NaN, a row without a number, lies in no range.
    if (Number.isNaN(value)) return
    const plain = value >= 0 && value < tableMax && Number.isInteger(value)
    const cell = this.#cells[plain ? this.#table[value]! : this.#search(value)]!
    for (let i = 0; i < cell.length; i++) this.#leaves[cell[i]!]!.add(row)
  }

  #search(value: number): number {
    let from = 0
    let to = this.#ends.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.#ends[middle]! < value) from = middle + 1
      else to = middle
    }
    return this.#ends[from] === value ? from * 2 + 1 : from * 2
  }

  #rangesOf(cell: number, ranges: readonly Ends[]): Int32Array {
    const at = cell >> 1
    if (cell % 2 === 1) {
      const value = this.#ends[at]!
      return pick(ranges, (range) => holds(range, value))
    }
    const [after, before] = [this.#ends[at - 1] ?? -Infinity, this.#ends[at] ?? Infinity]
    return pick(ranges, ({ low, high }) => low <= after && high >= before)
  }
}

function pick(ranges: readonly Ends[], wanted: (range: Ends) => boolean): Int32Array {
  return Int32Array.from(ranges.keys()).filter((index) => wanted(ranges[index]!))
}

function holds({ low, high, withLow, withHigh }: Ends, value: number): boolean {
  return (withLow ? value >= low : value > low) && (withHigh ? value <= high : value < high)
}

/** A bound may be infinite too: `1e999` is a number. */
function writtenEnds(query: LeafQuery): number[] {
  if (query.kind !== 'range') return []
  return [query.low, query.high].flatMap((bound) => (bound === null ? [] : [Number(bound.value)]))
}

function endsOf(query: LeafQuery): Ends {
  const { low, high } = query.kind === 'range' ? query : { low: null, high: null }
  return {
    low: low === null ? -Infinity : Number(low.value),
    high: high === null ? Infinity : Number(high.value),
    withLow: low?.inclusive ?? true,
    withHigh: high?.inclusive ?? true,
  }
}
