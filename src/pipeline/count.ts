/** Steps 3 and 4 of a line's way: which events concern which rule, and what they add to its panes
 *  and to the verdict series. A pure function of the columns and of what is known of the partition;
 *  nothing is decided here. */
import { lineText, type Columns } from '../model/columns.ts'
import { eventId } from '../model/event.ts'
import { scopeOf } from '../model/scope.ts'
import { rowFields } from '../parsers/fields.ts'
import type { Query } from '../query/query.ts'
import type { Rule } from '../rules/rule.ts'
import type { SignatureTable } from '../signatures/signature.ts'
import type { EventDocument } from '../store/events.ts'
import { countLevels, countStatuses } from './count-items.ts'
import { RuleCounter } from './count-rules.ts'
import { ItemPanes } from './item-panes.ts'
import { addSignature, emptyPartial, getOrMake, type Partial } from './partial.ts'
import { scopeAt, type RowScopes } from './scopes.ts'
import { signRows } from './signing.ts'
import type { Timed } from './timing.ts'

/** Tables kept for later batches. */
const sparesMax = 8

/** The counter of one engine: rules, signatures and the choice of what is indexed. */
export class Counter {
  readonly #rules: RuleCounter
  readonly #signatures: SignatureTable
  readonly #spare: ItemPanes[] = []

  constructor(rules: readonly Rule[], signatures: SignatureTable, storeQuery: Query | null) {
    this.#rules = new RuleCounter(rules, storeQuery)
    this.#signatures = signatures
  }

  /** Counts the events of one batch. */
  count(columns: Columns, timed: Timed, scopes: RowScopes, partition: string): Partial {
    const partial = emptyPartial()
    if (timed.rows.length === 0) return partial
    const panes = scopes.keys.map((key) =>
      getOrMake(partial.items, key, () => this.#spare.pop() ?? new ItemPanes()),
    )
    countStatuses(columns, timed, scopes, panes, partial.totals)
    countLevels(columns, timed, scopes, panes, partial.totals)
    const deltas = signRows(columns, timed, scopes, this.#signatures, panes)
    for (const [scope, list] of deltas.entries()) {
      for (const delta of list) addSignature(partial, scopes.keys[scope] ?? '', delta)
    }
    this.#rules.count({ columns, timed, scopes, partition, samples: new Map() }, partial.series)
    for (const row of this.#rules.stored()) {
      partial.events.push(documentOf(columns, row, timed, scopeAt(scopes, row), partition))
    }
    return partial
  }

  /** Takes the tables of a partial back that nobody looks at any more: a batch fills one or two, and
   *  making them anew each time would cost more than filling them. */
  reuse(partial: Partial): void {
    for (const table of partial.items.values()) {
      if (this.#spare.length >= sparesMax) break
      table.clear()
      this.#spare.push(table)
    }
    partial.items.clear()
  }
}

function documentOf(
  columns: Columns,
  row: number,
  timed: Timed,
  scope: string,
  partition: string,
): EventDocument {
  const position = timed.position(row)
  const { service, env } = scopeOf(scope)
  return {
    id: eventId(partition, position),
    time: timed.time[row]!,
    service,
    env,
    source: columns.fields.get('source')?.text(row) ?? '',
    partition,
    position,
    level: columns.fields.get('level')?.text(row) ?? null,
    status: columns.fields.get('status')?.number(row) ?? null,
    signature: columns.fields.get('signature')?.text(row) ?? null,
    sha: columns.fields.get('sha')?.text(row) ?? null,
    text: lineText(columns, row),
    stack: null,
    fields: rowFields(columns, row),
  }
}
