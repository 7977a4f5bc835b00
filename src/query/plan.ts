/** How queries are decided together: equal parts of all queries are one node, and each query names
 *  the leaves that trigger it, without a row of which it has none. */
import type { LeafRows } from './leaf-rows.ts'
import { isNumberLeaf } from './number-index.ts'
import { isTextLeaf } from './text-index.ts'
import type { Query } from './tree.ts'
import { isWordLeaf } from './word-index.ts'

export interface PlanNode {
  readonly query: Query
  /** Of an AND, an OR or a NOT. */
  readonly parts: readonly PlanNode[]
  /** Nodes and queries that ask for it. */
  uses: number
  /** Set where an index finds its rows. */
  leaf: LeafRows | null
  /** What `rows` were found in, by number. */
  batch: number
  rows: Int32Array
}

export interface Triggers {
  /** One of them has a row wherever the query has one. */
  readonly leaves: readonly PlanNode[]
  /** Lower: probably fewer rows. */
  readonly rank: number
}

/** Fields with a handful of values: nearly every batch has rows of each. */
const fewValued: ReadonlySet<string> = new Set([
  'env', 'host', 'level', 'method', 'protocol', 'service', 'source', 'vhost',
]) // prettier-ignore

const noRows = new Int32Array(0)

/** Makes one node of all equal queries. */
export class Planner {
  readonly #nodes = new Map<string, PlanNode>()

  node(query: Query): PlanNode {
    const key = JSON.stringify(query)
    let node = this.#nodes.get(key)
    if (node === undefined) {
      const parts = partsOf(query).map((part) => this.node(part))
      node = { query, parts, uses: 0, leaf: null, batch: 0, rows: noRows }
      this.#nodes.set(key, node)
    }
    node.uses += 1
    return node
  }
}

/** The leaves to look for, so as to decide a query only where it may match; null when there are
 *  none, and it must be decided over all rows. */
export function triggersOf(node: PlanNode): Triggers | null {
  const { query, parts } = node
  switch (query.kind) {
    case 'all':
    case 'not':
    case 'exists':
      return null
    case 'and':
      return parts
        .map(triggersOf)
        .reduce((best, next) => (isBetter(next, best) ? next : best), null)
    case 'or': {
      const each = parts.map(triggersOf)
      if (!each.every((one) => one !== null)) return null
      const leaves = each.flatMap((one) => one.leaves)
      return { leaves, rank: Math.max(...each.map((one) => one.rank)) }
    }
    case 'words':
      return isWordLeaf(query) ? { leaves: [node], rank: 2 } : null
    case 'range':
      return isNumberLeaf(query) ? { leaves: [node], rank: 1 } : null
    case 'is':
    case 'like': {
      const rank = fewValued.has(query.field) ? 3 : 0
      return isTextLeaf(query) ? { leaves: [node], rank } : null
    }
  }
}

function isBetter(next: Triggers | null, best: Triggers | null): boolean {
  return next !== null && (best === null || next.rank < best.rank)
}

function partsOf(query: Query): readonly Query[] {
  if (query.kind === 'and' || query.kind === 'or') return query.parts
  return query.kind === 'not' ? [query.part] : []
}
