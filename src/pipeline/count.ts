/** Steps 3 and 4 of a line's way: which events concern which rule, and what they add to its panes
 *  and to the verdict series. A pure function of the columns and of what is known of the partition;
 *  nothing is decided here. */
import { lineText, type Columns } from '../model/columns.ts'
import { eventId, type Sample } from '../model/event.ts'
import { scopeOf } from '../model/scope.ts'
import { rowFields } from '../parsers/fields.ts'
import { bindQuery } from '../query/match.ts'
import type { Query } from '../query/query.ts'
import type { Rule } from '../rules/rule.ts'
import type { SignatureTable } from '../signatures/signature.ts'
import type { EventDocument } from '../store/events.ts'
import { itemKey, requestsKey } from '../windows/history.ts'
import { paneStart } from '../windows/panes.ts'
import { anyScope } from '../windows/watermark.ts'
import { addEvent, addSample, emptyPane, wantsSample, type Pane } from '../windows/window.ts'
import type { ScopeOfRow } from './enrich.ts'
import {
  addSignature,
  emptyPartial,
  getOrMake,
  itemCount,
  type Partial,
  type SeriesPartial,
} from './partial.ts'

/** Levels that count as errors in decisions and on the page. */
const errorLevels: ReadonlySet<string> = new Set(['emerg', 'alert', 'crit', 'error'])
/** True for error and worse; an event without a level is none. */
export function isErrorLevel(level: string | null): boolean {
  return level !== null && errorLevels.has(level)
}

/** Characters of a line kept as a sample. */
const sampleChars = 1_000

/** One event row with its time decided. */
export interface TimedRow {
  readonly row: number
  /** Event time, ms. */
  readonly time: number
  readonly position: number
  /** Too late for decisions: counted, never decided on. */
  readonly late: boolean
}

/** The counter of one engine: rules, signatures and the choice of what is indexed. */
export class Counter {
  readonly #rules: readonly Rule[]
  readonly #signatures: SignatureTable
  readonly #storeQuery: Query | null

  constructor(rules: readonly Rule[], signatures: SignatureTable, storeQuery: Query | null) {
    this.#rules = rules
    this.#signatures = signatures
    this.#storeQuery = storeQuery
  }

  /** Counts the timed events of one batch. */
  count(
    columns: Columns,
    events: readonly TimedRow[],
    scopeOfRow: ScopeOfRow,
    partition: string,
  ): Partial {
    const partial = emptyPartial(this.#rules.length)
    const signatures = this.#sign(columns, events, scopeOfRow)
    const bound = this.#rules.map((rule) => bindRule(rule, columns))
    const stored = this.#storeQuery === null ? null : bindQuery(this.#storeQuery, columns)
    for (const [index, event] of events.entries()) {
      const scope = scopeOfRow(event.row)
      const signature = signatures[index] ?? null
      countItems(partial, columns, event, scope, signature)
      if (signature !== null) {
        addSignature(partial, scope, signatureDelta(columns, event, scope, signature))
      }
      for (const [rule, add] of bound.entries()) {
        const series = partial.series[rule]
        if (series !== undefined && !event.late) add(series, event, scope, partition)
      }
      if (stored?.(event.row) === true) {
        partial.events.push(documentOf(columns, event, scope, signature?.id ?? null, partition))
      }
    }
    return partial
  }

  /** Signs the events that have a message and sets the column `signature`. */
  #sign(
    columns: Columns,
    events: readonly TimedRow[],
    scopeOfRow: ScopeOfRow,
  ): readonly (Signed | null)[] {
    const message = columns.fields.get('message')
    if (message === undefined) return []
    const exception = columns.fields.get('exception')
    const byRow = new Map<number, string>()
    const signed = events.map((event) => {
      const text = message.text(event.row)
      if (text === null) return null
      const signature = this.#signatures.sign(
        scopeOfRow(event.row),
        text,
        exception?.text(event.row) ?? null,
      )
      byRow.set(event.row, signature.id)
      return signature
    })
    columns.fields.set('signature', {
      text: (row) => byRow.get(row) ?? null,
      number: () => null,
      value: (row) => byRow.get(row) ?? null,
      has: (row) => byRow.has(row),
    })
    return signed
  }
}

interface Signed {
  readonly id: string
  readonly template: string
}

function countItems(
  partial: Partial,
  columns: Columns,
  event: TimedRow,
  scope: string,
  signature: Signed | null,
): void {
  const second = Math.floor(event.time / 1_000)
  const add = (item: string, judged = true): void => {
    const counts = itemCount(partial, scope, item, second)
    if (event.late) counts.late++
    else counts.count++
    if (judged && !event.late) counts.judged++
  }
  const status = columns.fields.get('status')?.number(event.row) ?? null
  const level = columns.fields.get('level')?.text(event.row) ?? null
  if (status !== null) {
    add(requestsKey)
    add(itemKey('status', String(status)))
    increment(partial.totals.status, String(status))
  }
  if (level !== null) {
    add(itemKey('level', level))
    increment(partial.totals.level, level)
  }
  if (signature !== null) {
    add(itemKey('signature', signature.id), isErrorLevel(level))
  }
}

type AddToRule = (
  into: Map<string, SeriesPartial>,
  event: TimedRow,
  scope: string,
  partition: string,
) => void

function bindRule(rule: Rule, columns: Columns): AddToRule {
  const { queries, exact, paneMs } = rule.instance.inputs
  const matches = queries.map((query) => bindQuery(query, columns))
  const spans = !rule.by.includes('service') || !rule.by.includes('env')
  const keys = rule.by.map((field) => ({ field, column: columns.fields.get(field) }))
  return (into, event, scope, partition) => {
    let pane: Pane | null = null
    for (const [input, match] of matches.entries()) {
      if (!match(event.row)) continue
      if (pane === null) {
        const labels: Record<string, string> = {}
        for (const { field, column } of keys) {
          const value = column?.text(event.row) ?? null
          if (value !== null) labels[field] = value
        }
        const series = getOrMake(into, seriesKey(labels), () => ({
          labels,
          scope: spans ? anyScope : scope,
          panes: new Map<number, Pane>(),
        }))
        pane = getOrMake(series.panes, paneStart(event.time, paneMs), () =>
          emptyPane(queries.length, exact),
        )
      }
      addEvent(pane, input, event.time)
      const order = { time: event.time, partition, position: event.position }
      if (input === 0 && wantsSample(pane, order)) {
        addSample(pane, sampleOf(columns, event, partition, scope))
      }
    }
  }
}

/** Unambiguous key of a series inside its rule. */
export function seriesKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(labels)
}

function sampleOf(columns: Columns, event: TimedRow, partition: string, scope: string): Sample {
  return {
    time: event.time,
    partition,
    position: event.position,
    text: lineText(columns, event.row, sampleChars),
    sha: columns.fields.get('sha')?.text(event.row) ?? null,
    scope,
  }
}

function signatureDelta(columns: Columns, event: TimedRow, scope: string, signature: Signed) {
  return {
    ...scopeOf(scope),
    id: signature.id,
    group: signature.id,
    template: signature.template,
    level: columns.fields.get('level')?.text(event.row) ?? null,
    firstSeen: event.time,
    lastSeen: event.time,
    count: 1,
    sample: lineText(columns, event.row, sampleChars),
  }
}

function documentOf(
  columns: Columns,
  event: TimedRow,
  scope: string,
  signature: string | null,
  partition: string,
): EventDocument {
  return {
    id: eventId(partition, event.position),
    time: event.time,
    ...scopeOf(scope),
    source: columns.fields.get('source')?.text(event.row) ?? '',
    partition,
    position: event.position,
    level: columns.fields.get('level')?.text(event.row) ?? null,
    status: columns.fields.get('status')?.number(event.row) ?? null,
    signature,
    sha: columns.fields.get('sha')?.text(event.row) ?? null,
    text: lineText(columns, event.row),
    stack: null,
    fields: rowFields(columns, event.row),
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
