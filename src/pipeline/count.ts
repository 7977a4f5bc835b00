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

/** The counter of one engine: rules, signatures and the choice of what is indexed. */
export class Counter {
  readonly #rules: RuleCounter
  readonly #signatures: SignatureTable

  constructor(rules: readonly Rule[], signatures: SignatureTable, storeQuery: Query | null) {
    this.#rules = new RuleCounter(rules, storeQuery)
    this.#signatures = signatures
  }

  /** Counts the events of one batch. */
  count(columns: Columns, timed: Timed, scopes: RowScopes, partition: string): Partial {
    const partial = emptyPartial()
    if (timed.rows.length === 0) return partial
    const expected = panesExpected(timed)
    const panes = scopes.keys.map((key) =>
      getOrMake(partial.items, key, () => new ItemPanes(expected)),
    )
    countStatuses(columns, timed, scopes, panes, partial.totals)
    countLevels(columns, timed, scopes, panes, partial.totals)
    const deltas = signRows(columns, timed, scopes, this.#signatures, panes)
    for (const [scope, list] of deltas.entries()) {
      for (const delta of list) addSignature(partial, scopes.keys[scope] ?? '', delta)
    }
    this.#rules.count({ columns, timed, scopes, partition }, partial.series)
    for (const row of this.#rules.stored()) {
      partial.events.push(documentOf(columns, row, timed, scopeAt(scopes, row), partition))
    }
    return partial
  }
}

/** Seconds that a batch spans, at most its events, with a few items in each. */
function panesExpected({ rows, time }: Timed): number {
  const span = Math.abs(time[rows.at(-1)!]! - time[rows[0]!]!) / 1_000
  return Math.min(rows.length, Math.ceil(span) + 1) * 3
}

function documentOf(
  columns: Columns,
  row: number,
  timed: Timed,
  scope: string,
  partition: string,
): EventDocument {
  const position = timed.position(row)
  return {
    id: eventId(partition, position),
    time: timed.time[row]!,
    ...scopeOf(scope),
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
