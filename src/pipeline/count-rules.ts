/** What the events of a batch add to the panes of each rule's series. The queries of all rules and
 *  the store's are matched together; a rule none of whose queries has a row costs nothing. */
import { ConstantColumn, lineText, type Column, type Columns } from '../model/columns.ts'
import type { Sample } from '../model/event.ts'
import { MatchSet } from '../query/match-set.ts'
import type { Query } from '../query/query.ts'
import type { Rule } from '../rules/rule.ts'
import { paneStart } from '../windows/panes.ts'
import { anyScope } from '../windows/watermark.ts'
import {
  addEvent,
  addSample,
  emptyPane,
  samplesMax,
  wantsSample,
  type Pane,
} from '../windows/window.ts'
import { getOrMake, type Partial, type SeriesPartial } from './partial.ts'
import { scopeAt, type RowScopes } from './scopes.ts'
import { sampleBytesMax } from './signing.ts'
import type { Timed } from './timing.ts'

const none = new Int32Array(0)

/** A batch as the rules see it. */
export interface CountedBatch {
  readonly columns: Columns
  readonly timed: Timed
  readonly scopes: RowScopes
  readonly partition: string
  /** Samples by row: several rules may keep the same one. */
  readonly samples: Map<number, Sample>
}

/** A rule with what does not change from batch to batch. */
interface CountedRule {
  readonly rule: Rule
  /** Number in the match set of each input's query. */
  readonly queries: readonly number[]
  /** Its series may hold events of several scopes. */
  readonly spans: boolean
}

/** The rules of one engine and the choice of what is indexed. */
export class RuleCounter {
  readonly #rules: readonly CountedRule[]
  readonly #matched: MatchSet
  /** Number of a query in the match set → index of its rule. */
  readonly #ruleOf: readonly number[]
  /** Number of the store query; null when nothing is stored. */
  readonly #stored: number | null
  /** Numbers of the queries of the batch in hand that may have rows. */
  #some: readonly number[] = []

  constructor(rules: readonly Rule[], storeQuery: Query | null) {
    const queries: Query[] = []
    const ruleOf: number[] = []
    this.#rules = rules.map((rule, index) => ({
      rule,
      queries: rule.instance.inputs.queries.map((query) => {
        ruleOf.push(index)
        return queries.push(query) - 1
      }),
      spans: !rule.by.includes('service') || !rule.by.includes('env'),
    }))
    this.#stored = storeQuery === null ? null : queries.push(storeQuery) - 1
    this.#ruleOf = ruleOf
    this.#matched = new MatchSet(queries)
  }

  /** Adds the events of a batch to the series of the rules that they concern. */
  count(batch: CountedBatch, into: Partial['series']): void {
    const { rows, late, lateRows } = batch.timed
    // Where all are late, only the store may want some.
    if (lateRows === rows.length && this.#stored === null) return
    this.#some = this.#matched.match(batch.columns, rows)
    const rowsOf = (query: number): Int32Array => {
      const found = this.#matched.rowsOf(query)
      return lateRows > 0 ? inTime(found, late) : found
    }
    let counted = -1
    for (const query of this.#some) {
      const index = this.#ruleOf[query]
      // The queries of a rule stand side by side; the store's is of no rule.
      if (index === undefined || index === counted) continue
      counted = index
      countRule(this.#rules[index]!, rowsOf, batch, () =>
        getOrMake(into, index, () => new Map<string, SeriesPartial>()),
      )
    }
  }

  /** Rows of the batch counted last that are to be indexed. */
  stored(): Int32Array {
    const number = this.#stored
    return number !== null && this.#some.includes(number) ? this.#matched.rowsOf(number) : none
  }
}

/** The rows of events that are not late. */
function inTime(rows: Int32Array, late: Uint8Array): Int32Array {
  const kept = new Int32Array(rows.length)
  let count = 0
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    if (late[row] === 0) kept[count++] = row
  }
  return kept.subarray(0, count)
}

/** Adds the events of a batch that concern a rule. */
function countRule(
  counted: CountedRule,
  rowsOf: (query: number) => Int32Array,
  batch: CountedBatch,
  series: () => Map<string, SeriesPartial>,
): void {
  for (const [input, query] of counted.queries.entries()) {
    const rows = rowsOf(query)
    if (rows.length > 0) addInput(counted, input, rows, batch, series())
  }
}

function addInput(
  counted: CountedRule,
  input: number,
  rows: Int32Array,
  batch: CountedBatch,
  into: Map<string, SeriesPartial>,
): void {
  const { queries, exact, paneMs } = counted.rule.instance.inputs
  const { time } = batch.timed
  const seriesOf = seriesFinder(counted, batch, into)
  let series: SeriesPartial | null = null
  let start = NaN
  let pane: Pane | null = null
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    const found = seriesOf(row)
    const begins = paneStart(time[row]!, paneMs)
    if (pane === null || found !== series || begins !== start) {
      pane = found.panes.get(begins) ?? null
      if (pane === null) found.panes.set(begins, (pane = emptyPane(queries.length, exact)))
      series = found
      start = begins
    }
    if (input === 0) keepSample(pane, row, batch)
    addEvent(pane, input, time[row]!)
  }
}

/** The series of a row; always the same one where no group key differs in the batch. */
function seriesFinder(
  { rule, spans }: CountedRule,
  { columns, scopes }: CountedBatch,
  into: Map<string, SeriesPartial>,
): (row: number) => SeriesPartial {
  const keys = rule.by.map((field) => ({ field, column: columns.fields.get(field) }))
  const find = (row: number): SeriesPartial => {
    const labels = labelsOf(keys, row)
    const scope = spans ? anyScope : scopeAt(scopes, row)
    return getOrMake(into, seriesKey(labels), () => ({ labels, scope, panes: new Map() }))
  }
  const varying = keys.flatMap(({ column }) =>
    column === undefined || column instanceof ConstantColumn ? [] : [column],
  )
  // Labels name the scope, but where the series spans scopes.
  if (!spans && scopes.of !== null && varying.length === 0) return find
  const root = new Branch()
  return (row) => {
    let branch = root
    for (const column of varying) branch = branch.below(column.text(row))
    return (branch.series ??= find(row))
  }
}

/** The series of a batch by the values of their group keys, one key a level. */
class Branch {
  series: SeriesPartial | null = null
  readonly #branches = new Map<string | null, Branch>()

  below(value: string | null): Branch {
    return getOrMake(this.#branches, value, () => new Branch())
  }
}

function labelsOf(
  keys: readonly { readonly field: string; readonly column: Column | undefined }[],
  row: number,
): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const { field, column } of keys) {
    const value = column?.text(row) ?? null
    if (value !== null) labels[field] = value
  }
  return labels
}

/** Unambiguous key of a series inside its rule. */
export function seriesKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(labels)
}

function keepSample(pane: Pane, row: number, batch: CountedBatch): void {
  const time = batch.timed.time[row]!
  // Most events of a full pane come after its samples; they need no further look.
  const last = pane.samples[samplesMax - 1]
  if (last !== undefined && time > last.time) return
  const order = { time, partition: batch.partition, position: batch.timed.position(row) }
  if (!wantsSample(pane, order)) return
  addSample(
    pane,
    getOrMake(batch.samples, row, () => sampleOf(row, order, batch)),
  )
}

function sampleOf(
  row: number,
  order: { time: number; partition: string; position: number },
  { columns, scopes }: CountedBatch,
): Sample {
  // Not by spreading the order, which costs thirty times as much as the text.
  return {
    time: order.time,
    partition: order.partition,
    position: order.position,
    text: lineText(columns, row, sampleBytesMax),
    sha: columns.fields.get('sha')?.text(row) ?? null,
    scope: scopeAt(scopes, row),
  }
}
