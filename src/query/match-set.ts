/** Many queries over one batch at a cost that grows with what they match, not with their number.
 *  Each query names triggers, leaves that an index finds for all queries at once; where no trigger
 *  has a row there is nothing to decide. What a trigger leaves open is decided by select.ts, on its
 *  rows only. Queries without a trigger are decided over all rows, and what several of them share is
 *  decided once. The rows are those of match.ts; docs/how/rules-on-columns.md says how and why. */
import type { Columns } from '../model/columns.ts'
import { LeafRows, type LeafIndex, type LeafQuery } from './leaf-rows.ts'
import { NumberIndex, rangesMax } from './number-index.ts'
import { Planner, triggersOf, type PlanNode } from './plan.ts'
import { intersect, union, without } from './row-lists.ts'
import { selectRows } from './select.ts'
import { TextIndex } from './text-index.ts'
import type { Query } from './tree.ts'
import { WordIndex } from './word-index.ts'

/** What it costs to begin with a list of rows, in rows. A part that many queries share is decided
 *  over all rows when that is probably less work than deciding it for each of them. */
const beginningCostRows = 16

export class MatchSet {
  readonly #nodes: readonly PlanNode[]
  readonly #indexes: readonly LeafIndex[]
  /** Numbers of the queries without a trigger. */
  readonly #always: readonly number[]
  readonly #touched: LeafRows[] = []
  /** By query: the last batch in which it was triggered. */
  readonly #triggered: Int32Array
  #batch = 0
  #columns: Columns | null = null
  #rows: Int32Array = new Int32Array(0)

  constructor(queries: readonly Query[]) {
    const planner = new Planner()
    this.#nodes = queries.map((query) => planner.node(query))
    const leaves = new Leaves(this.#touched)
    this.#always = [...queries.keys()].filter((n) => !leaves.register(this.#nodes[n]!, n))
    this.#indexes = leaves.indexes()
    this.#triggered = new Int32Array(queries.length)
  }

  /**
   * Looks at a batch.
   * @param rows Rows to look at, ascending.
   * @returns Numbers of the queries that may match some of them, ascending; the others match none.
   */
  match(columns: Columns, rows: Int32Array): readonly number[] {
    for (const leaf of this.#touched) leaf.clear()
    this.#touched.length = 0
    this.#batch += 1
    this.#columns = columns
    this.#rows = rows
    if (rows.length === 0) return []
    for (const index of this.#indexes) index.match(columns, rows)
    const some = [...this.#always]
    for (const { queries } of this.#touched) {
      for (const query of queries) {
        if (this.#triggered[query] === this.#batch) continue
        this.#triggered[query] = this.#batch
        some.push(query)
      }
    }
    return some.sort((a, b) => a - b)
  }

  /** Rows of the batch that a query matches, ascending; good until the next batch. */
  rowsOf(query: number): Int32Array {
    return this.#select(this.#nodes[query]!)
  }

  #select(node: PlanNode): Int32Array {
    if (node.batch === this.#batch) return node.rows
    const rows = this.#selectNew(node)
    // So that a comparison of lists tells that all rows match.
    node.rows = rows.length === this.#rows.length ? this.#rows : rows
    node.batch = this.#batch
    return node.rows
  }

  #selectNew(node: PlanNode): Int32Array {
    if (node.leaf !== null) return node.leaf.rows
    const [first] = node.parts
    if (node.query.kind === 'and') return this.#selectAll(node.parts)
    if (node.query.kind === 'or' && node.parts.every(isFound)) {
      return union(node.parts.map((part) => this.#select(part)))
    }
    if (node.query.kind === 'not' && first !== undefined && isFound(first)) {
      return without(this.#rows, this.#select(first))
    }
    return selectRows(node.query, this.#columns!, this.#rows)
  }

  /** Begins with the fewest rows that an index has found. */
  #selectAll(parts: readonly PlanNode[]): Int32Array {
    let left = this.#rows
    for (const part of parts) {
      if (!isFound(part)) continue
      const found = this.#select(part)
      left = left === this.#rows ? found : intersect(left, found)
      if (left.length === 0) return left
    }
    for (const part of parts) if (!isFound(part)) left = this.#narrow(part, left)
    return left
  }

  #narrow(node: PlanNode, rows: Int32Array): Int32Array {
    if (rows.length === 0 || node.query.kind === 'all') return rows
    const apart = (rows.length + beginningCostRows) * node.uses
    const shared = node.uses > 1 && apart >= this.#rows.length
    if (shared || node.batch === this.#batch) return intersect(rows, this.#select(node))
    return selectRows(node.query, this.#columns!, rows)
  }
}

/** True when indexes give the rows of a node, or a few among which they are. */
function isFound({ leaf, query, parts }: PlanNode): boolean {
  if (leaf !== null) return true
  if (query.kind === 'and') return parts.some(isFound)
  return query.kind === 'or' && parts.every(isFound)
}

/** The leaves that indexes look for. */
class Leaves {
  readonly #touched: LeafRows[]
  readonly #texts = new Map<string, LeafRows[]>()
  readonly #numbers = new Map<string, LeafRows[]>()
  readonly #words: LeafRows[] = []

  constructor(touched: LeafRows[]) {
    this.#touched = touched
  }

  /** @returns False when the query has no triggers, or there are too many of their kind. */
  register(node: PlanNode, query: number): boolean {
    const triggers = triggersOf(node)
    if (triggers === null) return false
    for (const leaf of triggers.leaves) {
      leaf.leaf ??= this.#add(leaf.query as LeafQuery)
      if (leaf.leaf === null) return false
    }
    for (const { leaf } of triggers.leaves) leaf?.queries.push(query)
    return true
  }

  indexes(): LeafIndex[] {
    return [
      ...[...this.#texts].map(([field, leaves]) => new TextIndex(field, leaves)),
      ...[...this.#numbers].map(([field, leaves]) => new NumberIndex(field, leaves)),
      ...(this.#words.length > 0 ? [new WordIndex(this.#words)] : []),
    ]
  }

  #add(query: LeafQuery): LeafRows | null {
    const leaf = new LeafRows(query, this.#touched)
    const list = this.#listOf(query)
    if (query.kind === 'range' && list.length >= rangesMax) return null
    list.push(leaf)
    return leaf
  }

  #listOf(query: LeafQuery): LeafRows[] {
    if (query.kind === 'words') return this.#words
    const lists = query.kind === 'range' ? this.#numbers : this.#texts
    const known = lists.get(query.field)
    if (known !== undefined) return known
    const list: LeafRows[] = []
    lists.set(query.field, list)
    return list
  }
}
