/** The rows of a batch that one leaf of a query matches, gathered by the index of its field. */
import type { Columns } from '../model/columns.ts'
import type { Query } from './tree.ts'

/** Leaves that an index can find: those with a value, a literal or numbers to look for. */
export type LeafQuery = Extract<Query, { readonly kind: 'is' | 'like' | 'range' | 'words' }>

const rowsAtFirst = 16

export class LeafRows {
  readonly query: LeafQuery
  /** Numbers of the queries that it triggers. */
  readonly queries: number[] = []
  readonly #touched: LeafRows[]
  #rows = new Int32Array(rowsAtFirst)
  #count = 0
  /** All rows of the batch, when that is what it matches. */
  #all: Int32Array | null = null

  /** @param touched Is told of the leaf when its first row of a batch comes. */
  constructor(query: LeafQuery, touched: LeafRows[]) {
    this.query = query
    this.#touched = touched
  }

  /** Rows come in ascending order, each once. */
  add(row: number): void {
    if (this.#count === 0) this.#touched.push(this)
    if (this.#count === this.#rows.length) {
      const larger = new Int32Array(this.#count * 2)
      larger.set(this.#rows)
      this.#rows = larger
    }
    this.#rows[this.#count++] = row
  }

  addAll(rows: Int32Array): void {
    this.#touched.push(this)
    this.#all = rows
  }

  /** Ascending; good until the next batch. */
  get rows(): Int32Array {
    return this.#all ?? this.#rows.subarray(0, this.#count)
  }

  clear(): void {
    this.#count = 0
    this.#all = null
  }
}

/** Finds the leaves of one field in a batch. */
export interface LeafIndex {
  /** @param rows Rows to look at, ascending; not empty. */
  match(columns: Columns, rows: Int32Array): void
}
