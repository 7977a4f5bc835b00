/** What one stretch of lines adds, before anything is decided: mergeable in any order. Worker
 *  threads, replay and the live daemon all return this. */
import type { EventDocument } from '../store/events.ts'
import type { SignatureDelta } from '../store/state.ts'
import { mergePane, type Pane } from '../windows/window.ts'
import type { ItemPanes } from './item-panes.ts'

/** The panes that a stretch adds to one series. */
export interface SeriesPartial {
  readonly labels: Readonly<Record<string, string>>
  readonly scope: string
  readonly panes: Map<number, Pane>
}

export interface Partial {
  /** Rule index → series key → panes; only rules that have some. */
  readonly series: Map<number, Map<string, SeriesPartial>>
  /** Scope key → what its items have by second. */
  readonly items: Map<string, ItemPanes>
  /** Scope key → signature id → what was seen of it. */
  readonly signatures: Map<string, Map<string, SignatureDelta>>
  /** Events for the index. */
  readonly events: EventDocument[]
  readonly totals: Totals
}

/** Sums over all events, in time or not. */
export interface Totals {
  readonly status: Map<string, number>
  readonly level: Map<string, number>
}

export function emptyPartial(): Partial {
  return {
    series: new Map(),
    items: new Map(),
    signatures: new Map(),
    events: [],
    totals: { status: new Map(), level: new Map() },
  }
}

/** Adds `from` to `into`, which may keep parts of it: `from` is used up. Associative and commutative
 *  but for the order of `events`. */
export function mergePartial(into: Partial, from: Partial): void {
  for (const [rule, series] of from.series) {
    const target = into.series.get(rule)
    if (target === undefined) into.series.set(rule, series)
    else mergeSeries(target, series)
  }
  for (const [scope, items] of from.items) {
    const known = into.items.get(scope)
    if (known === undefined) into.items.set(scope, items)
    else known.merge(items)
  }
  for (const [scope, signatures] of from.signatures) {
    for (const delta of signatures.values()) addSignature(into, scope, delta)
  }
  for (const event of from.events) into.events.push(event)
  addCounts(into.totals.status, from.totals.status)
  addCounts(into.totals.level, from.totals.level)
}

function mergeSeries(into: Map<string, SeriesPartial>, from: Map<string, SeriesPartial>): void {
  for (const [key, series] of from) {
    const target = into.get(key)
    if (target === undefined) {
      into.set(key, series)
      continue
    }
    for (const [start, pane] of series.panes) {
      const known = target.panes.get(start)
      if (known === undefined) target.panes.set(start, pane)
      else mergePane(known, pane)
    }
  }
}

/** Adds what was seen of a signature; the newest event's line is the sample. */
export function addSignature(into: Partial, scope: string, delta: SignatureDelta): void {
  const signatures = getOrMake(into.signatures, scope, () => new Map<string, SignatureDelta>())
  const known = signatures.get(delta.id)
  signatures.set(delta.id, known === undefined ? delta : mergeSignature(known, delta))
}

/** What two stretches saw of one signature; of two newest events at one time the greater line. */
export function mergeSignature(a: SignatureDelta, b: SignatureDelta): SignatureDelta {
  const newest = isNewer(b, a) ? b : a
  return {
    ...newest,
    firstSeen: Math.min(a.firstSeen, b.firstSeen),
    count: a.count + b.count,
  }
}

function isNewer(a: SignatureDelta, b: SignatureDelta): boolean {
  if (a.lastSeen !== b.lastSeen) return a.lastSeen > b.lastSeen
  if (a.sample !== b.sample) return a.sample > b.sample
  return (a.level ?? '') > (b.level ?? '')
}

export function addCounts(into: Map<string, number>, from: ReadonlyMap<string, number>): void {
  for (const [key, count] of from) into.set(key, (into.get(key) ?? 0) + count)
}

export function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
