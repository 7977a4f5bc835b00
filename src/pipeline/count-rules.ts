/** What the events of a batch add to the panes of each rule's series. A query that several rules
 *  share is matched once. */
import { ConstantColumn, lineText, type Column, type Columns } from '../model/columns.ts'
import type { Sample } from '../model/event.ts'
import { formatQuery, type Query } from '../query/query.ts'
import { selectRows } from '../query/select.ts'
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
import { getOrMake, type SeriesPartial } from './partial.ts'
import { scopeAt, type RowScopes } from './scopes.ts'
import { sampleBytesMax } from './signing.ts'
import type { Timed } from './timing.ts'

/** A batch as the rules see it. */
export interface CountedBatch {
  readonly columns: Columns
  readonly timed: Timed
  readonly scopes: RowScopes
  readonly partition: string
}

/** A rule with what does not change from batch to batch. */
export interface CountedRule {
  readonly rule: Rule
  /** Canonical text of each input's query: equal texts are matched once. */
  readonly queries: readonly { readonly text: string; readonly query: Query }[]
  /** Its series may hold events of several scopes. */
  readonly spans: boolean
}

export function countedRule(rule: Rule): CountedRule {
  const { queries } = rule.instance.inputs
  return {
    rule,
    queries: queries.map((query) => ({ text: formatQuery(query), query })),
    spans: !rule.by.includes('service') || !rule.by.includes('env'),
  }
}

/** Matches each query of a batch once, over the rows in time for decisions. */
export class MatchedRows {
  readonly #columns: Columns
  readonly #timed: Timed
  #rows: Int32Array | null = null
  readonly #known = new Map<string, Int32Array>()

  constructor(columns: Columns, timed: Timed) {
    this.#columns = columns
    this.#timed = timed
  }

  of({ text, query }: CountedRule['queries'][number]): Int32Array {
    return getOrMake(this.#known, text, () => selectRows(query, this.#columns, this.#inTime()))
  }

  #inTime(): Int32Array {
    return (this.#rows ??= inTime(this.#timed))
  }
}

function inTime({ rows, late, lateRows }: Timed): Int32Array {
  if (lateRows === 0) return rows
  const kept = new Int32Array(rows.length - lateRows)
  let count = 0
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    if (late[row] === 0) kept[count++] = row
  }
  return kept
}

/** Adds the events of a batch that concern a rule. */
export function countRule(
  counted: CountedRule,
  matched: MatchedRows,
  batch: CountedBatch,
  into: Map<string, SeriesPartial>,
): void {
  for (const [input, query] of counted.queries.entries()) {
    const rows = matched.of(query)
    if (rows.length > 0) addInput(counted, input, rows, batch, into)
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
  for (const row of rows) {
    const found = seriesOf(row)
    const begins = paneStart(time[row]!, paneMs)
    if (pane === null || found !== series || begins !== start) {
      pane = getOrMake(found.panes, begins, () => emptyPane(queries.length, exact))
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
  const same = keys.every(({ column }) => column === undefined || column instanceof ConstantColumn)
  if (!same || (!spans && scopes.of !== null)) return find
  let only: SeriesPartial | null = null
  return (row) => (only ??= find(row))
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
  if (wantsSample(pane, order)) addSample(pane, sampleOf(row, order, batch))
}

function sampleOf(
  row: number,
  order: { time: number; partition: string; position: number },
  { columns, scopes }: CountedBatch,
): Sample {
  return {
    ...order,
    text: lineText(columns, row, sampleBytesMax),
    sha: columns.fields.get('sha')?.text(row) ?? null,
    scope: scopeAt(scopes, row),
  }
}
