/** Step 5 and 6 of a line's way: all series of all rules, evaluated as far as their watermarks
 *  allow, and the transitions that come of it, each with its SHA. Everything here is in memory and
 *  a pure consequence of merged partials, deploys and watermarks. */
import { composeAlert } from '../alerts/compose.ts'
import type { Change, Onset } from '../alerts/state.ts'
import { isoTime } from '../flow/time.ts'
import { transitionId, type Alert, type Transition } from '../model/alert.ts'
import { scopeOf } from '../model/scope.ts'
import type { Rule } from '../rules/rule.ts'
import type { RecordPut } from '../store/state.ts'
import { paneStart } from '../windows/panes.ts'
import { anyScope } from '../windows/watermark.ts'
import { blameOf, deployView, fixedBy, type BlameContext } from './blame.ts'
import { seriesKey } from './count-rules.ts'
import { DueSeries, type Kept } from './due.ts'
import { getOrMake, type Partial } from './partial.ts'
import { Series, type StoredSeries, type Surroundings } from './series.ts'

/** Series kept per rule; group keys beyond it are counted together under `(other)`. */
export const seriesMax = 10_000

/** What the engine reads of the rest of the pipeline. */
export interface EngineContext extends BlameContext {
  /** Second of a scope's first event; of the first at all for `anyScope`; Infinity before it. */
  first(scope: string): number
  /** Template of a signature, for summaries; null when it is unknown. */
  template(signature: string): string | null
  /** Names of sources that a scope's watermark does without at present. */
  incomplete(scope: string): readonly string[]
}

/** What has changed since it was last taken. */
export interface EngineChanges {
  readonly records: readonly RecordPut[]
  readonly alerts: readonly Alert[]
  readonly transitions: readonly Transition[]
}

export class Engine {
  readonly #rules: readonly Rule[]
  readonly #context: EngineContext
  /** By rule; each series by its key. */
  readonly #series: Map<string, Kept>[]
  readonly #due = new DueSeries()
  /** Indexes of the rules that watch every scope, events or not. */
  readonly #watching: readonly number[]
  #made = 0
  #alerts: Alert[] = []
  #transitions: Transition[] = []
  #deleted: string[] = []

  constructor(rules: readonly Rule[], context: EngineContext) {
    this.#rules = rules
    this.#context = context
    this.#series = rules.map(() => new Map<string, Kept>())
    this.#watching = [...rules.keys()].filter((index) => rules[index]?.instance.inputs.history)
  }

  /** Takes up stored series. What belongs to a rule that is gone or was changed is dropped, and its
   *  firing alerts are resolved at `at`: nobody would ever end them otherwise. */
  restore(records: ReadonlyMap<string, unknown>, at: (scope: string) => number): void {
    for (const [key, value] of records) {
      const stored = value as StoredSeries
      const [name = ''] = key.split('\n', 1)
      const index = this.#rules.findIndex((rule) => rule.name === name)
      const rule = this.#rules[index]
      if (rule?.version === stored.version) {
        this.#keep(index, seriesKey(stored.labels), Series.restore(rule, stored))
        continue
      }
      this.#deleted.push(key)
      const source = rule ?? { name, summary: 'the rule was removed' }
      for (const onset of stored.onsets) {
        if (onset.phase !== 'firing') continue
        const when = Math.max(onset.startsAt, at(stored.scope))
        this.#emit(source, { kind: 'resolved', at: when, onset, endsAt: when })
      }
    }
  }

  /** Merges what a stretch of lines adds. */
  merge(partial: Partial): void {
    for (const [index, added] of partial.series) {
      for (const { labels, scope, panes } of added.values()) {
        const kept = this.#seriesFor(index, labels, scope)
        for (const [start, pane] of panes) kept.series.add(start, pane)
        this.#due.schedule(kept)
      }
    }
  }

  /** Makes sure that rules about deploys watch a scope; `from` is its first event time, ms: later
   *  merges may bring an earlier one, until the first evaluation. */
  watch(scope: string, from: number): void {
    if (from === Infinity) return
    const { service, env } = scopeOf(scope)
    const labels = service === null ? { env } : { service, env }
    for (const index of this.#watching) {
      const kept = this.#seriesFor(index, labels, scope)
      if (kept.series.stepped) continue
      kept.series.wake(from + 1)
      this.#due.schedule(kept)
    }
  }

  /** Evaluates every series as far as its scope's watermark (ms) has passed whole panes. */
  advance(watermark: (scope: string) => number): void {
    const moved: { kept: Kept; reached: number; around: Surroundings }[] = []
    for (const scope of this.#due.scopes()) {
      const reached = watermark(scope)
      if (reached === -Infinity) continue
      const due = this.#due.take(scope, reached)
      if (due.length === 0) continue
      const around = this.#around(scope)
      for (const kept of due) moved.push({ kept, reached, around })
    }
    // In the order of all series: what comes of them must not depend on scopes and heaps.
    moved.sort(({ kept: a }, { kept: b }) => a.rule - b.rule || a.order - b.order)
    for (const { kept, reached, around } of moved) {
      const { series } = kept
      this.#tell(kept, series.advance(paneStart(reached, series.rule.instance.inputs.paneMs), around)) // prettier-ignore
    }
  }

  /** Evaluates every series up to its scope's last moment (ms): no more events will come. */
  finish(last: (scope: string) => number): void {
    const scopes = new Map<string, { reached: number; around: Surroundings }>()
    const look = (scope: string) => ({ reached: last(scope), around: this.#around(scope) })
    for (const known of this.#series) {
      for (const kept of known.values()) {
        const { scope } = kept.series
        const { reached, around } = getOrMake(scopes, scope, () => look(scope))
        if (reached !== -Infinity) this.#tell(kept, kept.series.finish(reached, around))
      }
    }
  }

  /** Says what came of a series that moved, and forgets it when it waits for nothing. */
  #tell(kept: Kept, changes: readonly Change[]): void {
    const { series, key } = kept
    const { rule } = series
    for (const change of changes) this.#emit(rule, change)
    for (const onset of series.takeTouched()) {
      if (onset.phase !== 'firing') continue
      this.#alerts.push(composeAlert(rule, onset, 'firing', null, null))
    }
    if (!series.forgettable) return this.#due.schedule(kept)
    this.#series[kept.rule]?.delete(key)
    this.#due.remove(kept)
    this.#deleted.push(recordKey(rule, series))
  }

  /** A deploy became known or changed: rules about deploys look again, and living alerts that began
   *  at or after `from` (ms) are attributed anew. */
  deployChanged(from: number): void {
    for (const [index, known] of this.#series.entries()) {
      const rule = this.#rules[index]
      if (rule === undefined) continue
      for (const kept of known.values()) {
        const { series } = kept
        // Of times before its first event, or no longer kept, a scope knows nothing.
        const since = this.#context.history(series.scope).since * 1_000
        const woken = rule.instance.inputs.history && since < Infinity
        if (woken) series.wake(Math.max(from, since) + 1)
        for (const onset of series.onsets.values()) {
          if (onset.startsAt >= from) this.#reattribute(rule, series, onset)
        }
        this.#due.schedule(kept)
      }
    }
  }

  /** Living alerts, pending ones included. */
  alerts(): Alert[] {
    return this.#series.flatMap((known, index) =>
      [...known.values()].flatMap(({ series }) =>
        [...series.onsets.values()].map((onset) =>
          composeAlert(this.#rules[index] as Rule, onset, onset.phase, null, null),
        ),
      ),
    )
  }

  /** Series per rule, for `status`. */
  sizes(): readonly number[] {
    return this.#series.map((known) => known.size)
  }

  /** What has changed since the last call. */
  take(): EngineChanges {
    const records: RecordPut[] = this.#deleted.map((key) => ({ kind: 'series', key, value: null }))
    for (const [index, known] of this.#series.entries()) {
      const rule = this.#rules[index]
      if (rule === undefined) continue
      for (const { series } of known.values()) {
        if (!series.dirty) continue
        series.dirty = false
        records.push({ kind: 'series', key: recordKey(rule, series), value: series.store() })
      }
    }
    const changes = { records, alerts: this.#alerts, transitions: this.#transitions }
    this.#forget()
    return changes
  }

  #forget(): void {
    this.#alerts = []
    this.#transitions = []
    this.#deleted = []
  }

  /** Only the alerts that changed; for a replay, which stores nothing. */
  takeAlerts(): readonly Alert[] {
    const alerts = this.#alerts
    this.#forget()
    return alerts
  }

  #seriesFor(rule: number, labels: Readonly<Record<string, string>>, scope: string): Kept {
    const known = this.#series[rule]!
    const key = seriesKey(labels)
    const found = known.get(key)
    if (found !== undefined) return found
    if (known.size >= seriesMax && labels['overflow'] === undefined) {
      return this.#seriesFor(rule, { overflow: '(other)' }, anyScope)
    }
    return this.#keep(rule, key, new Series(this.#rules[rule]!, labels, scope))
  }

  #keep(rule: number, key: string, series: Series): Kept {
    const kept: Kept = { series, rule, key, order: this.#made++, due: Infinity }
    this.#series[rule]?.set(key, kept)
    this.#due.add(kept)
    this.#due.schedule(kept)
    return kept
  }

  #around(scope: string): Surroundings {
    return {
      history: this.#context.history(scope),
      since: this.#context.first(scope) * 1_000,
      deploys: deployView(this.#context.deploys, scope),
      blame: (startsAt, samples, at) => {
        const before = samples.filter((sample) => sample.time <= startsAt)
        const named = before.findLast((sample) => sample.sha !== null)?.sha ?? null
        const own = scope === anyScope ? before.at(-1)?.scope : undefined
        const beginning = { startsAt, named, scope: own ?? scope }
        return blameOf(this.#context, beginning, Math.ceil(at / 1_000))
      },
      facts: (labels) => {
        const template = labels['signature'] && this.#context.template(labels['signature'])
        const incomplete = this.#context.incomplete(scope)
        return {
          ...(template ? { template, item: template } : {}),
          ...(incomplete.length > 0 ? { incomplete: incomplete.join(', ') } : {}),
        }
      },
    }
  }

  #reattribute(rule: Rule, series: Series, onset: Onset): void {
    const { named, scope } = onset.blame
    const blame = blameOf(this.#context, { startsAt: onset.startsAt, named, scope }, Infinity)
    if (blame.sha === onset.blame.sha && blame.deploy === onset.blame.deploy) return
    const firing = onset.phase === 'firing'
    const changed: Onset = { ...onset, blame, ordinal: onset.ordinal + (firing ? 1 : 0) }
    series.onsets.set(onset.fingerprint, changed)
    series.dirty = true
    if (!firing) return
    const alert = composeAlert(rule, changed, 'firing', null, null)
    this.#alerts.push(alert)
    this.#transitions.push({
      id: transitionId(onset.fingerprint, alert.startsAt, onset.ordinal),
      kind: 'updated',
      // When it fired: a commit that holds both tells them in order.
      at: onset.startsAt + rule.forMs,
      alert,
    })
  }

  #emit(source: { name: string; summary: string }, change: Change): void {
    const { onset, kind, endsAt } = change
    const fix = endsAt === null ? null : fixedBy(this.#context.deploys, onset, endsAt)
    const state = kind === 'firing' ? 'firing' : 'resolved'
    const alert = composeAlert(source, onset, state, endsAt, fix)
    this.#alerts.push(alert)
    this.#transitions.push({
      id: transitionId(onset.fingerprint, isoTime(onset.startsAt), onset.ordinal),
      kind,
      at: change.at,
      alert,
    })
  }
}

function recordKey(rule: Rule, series: Series): string {
  return `${rule.name}\n${seriesKey(series.labels)}`
}
