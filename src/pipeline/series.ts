/** One series: a rule for one group key. Holds its rule state, the panes not yet passed by the
 *  watermark and its living alerts, and moves them forward in event time, pane by pane. */
import {
  dueAt,
  observe,
  settle,
  type Blame,
  type Change,
  type Onset,
  type Patience,
} from '../alerts/state.ts'
import { formatDuration } from '../flow/time.ts'
import { fingerprint } from '../model/alert.ts'
import type { Sample } from '../model/event.ts'
import type { DeployView, Observation, Rule } from '../rules/rule.ts'
import type { History } from '../windows/history.ts'
import { PaneQueue } from '../windows/pane-queue.ts'
import { paneEndAtOrAfter, paneStart } from '../windows/panes.ts'
import {
  emptyPane,
  restorePane,
  samplesMax,
  storePane,
  type Pane,
  type StoredPane,
} from '../windows/window.ts'

/** What a series may know of the world around it. */
export interface Surroundings {
  readonly history: History
  /** Event time of the first event that may concern the series, ms; Infinity before it. */
  readonly since: number
  readonly deploys: DeployView
  /** SHA, deploy and suspects of an onset; a SHA on one of its lines wins.
   *  @param at Event time up to which everything is known, ms. */
  blame(startsAt: number, samples: readonly Sample[], at: number): Blame
  /** Further facts for the summary, such as the template of a signature. */
  facts(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>>
}

/** A series as it is stored. Plain JSON. */
export interface StoredSeries {
  readonly version: string
  readonly labels: Readonly<Record<string, string>>
  readonly scope: string
  readonly state: unknown
  readonly panes: readonly StoredPane[]
  readonly onsets: readonly Onset[]
  readonly samples: readonly Sample[]
  readonly wakeAt: number | null
  /** It was evaluated at least once. */
  readonly stepped: boolean
}

interface Identity {
  readonly labels: Readonly<Record<string, string>>
  /** Fingerprint. */
  readonly id: string
}

export class Series {
  readonly rule: Rule
  readonly labels: Readonly<Record<string, string>>
  readonly scope: string
  readonly onsets = new Map<string, Onset>()
  /** Changed since the last commit. */
  dirty = true
  readonly #patience: Patience
  readonly #window: string
  readonly #panes = new PaneQueue()
  #state: unknown
  #samples: readonly Sample[] = []
  #wakeAt: number | null = null
  #idle = false
  #stepped = false
  #own: Identity | null = null
  /** Firing onsets that lost or found their data. */
  readonly #touched = new Set<string>()

  constructor(rule: Rule, labels: Readonly<Record<string, string>>, scope: string) {
    this.rule = rule
    this.labels = labels
    this.scope = scope
    this.#state = rule.instance.start()
    this.#window = formatDuration(rule.instance.inputs.windowMs)
    this.#patience = {
      forMs: rule.forMs,
      keepFiringMs: rule.instance.point === true ? 0 : rule.keepFiringMs,
    }
  }

  static restore(rule: Rule, stored: StoredSeries): Series {
    const series = new Series(rule, stored.labels, stored.scope)
    series.#state = stored.state
    series.#wakeAt = stored.wakeAt
    series.#stepped = stored.stepped
    series.#samples = stored.samples
    for (const onset of stored.onsets) series.onsets.set(onset.fingerprint, onset)
    for (const pane of stored.panes) series.add(pane.start, restorePane(pane))
    series.dirty = false
    return series
  }

  store(): StoredSeries {
    return {
      version: this.rule.version,
      labels: this.labels,
      scope: this.scope,
      state: this.#state,
      panes: [...this.#panes.entries()].map(([start, pane]) => storePane(start, pane)),
      onsets: [...this.onsets.values()],
      samples: this.#samples,
      wakeAt: this.#wakeAt,
      stepped: this.#stepped,
    }
  }

  /** Merges one pane's partial. */
  add(start: number, pane: Pane): void {
    this.#panes.add(start, pane)
    this.dirty = true
  }

  /** Asks for a step at or after a time, though no event comes. */
  wake(at: number): void {
    if (this.#wakeAt !== null && this.#wakeAt <= at) return
    this.#wakeAt = at
    this.dirty = true
  }

  /** Firing onsets about which something is to be said that is no change of state; said once. */
  takeTouched(): readonly Onset[] {
    const touched = [...this.#touched].flatMap((id) => this.onsets.get(id) ?? [])
    this.#touched.clear()
    return touched
  }

  /** False until the first evaluation. */
  get stepped(): boolean {
    return this.#stepped
  }

  /** Event time (ms) before which `advance` does nothing; Infinity when the series waits for an
   *  event. */
  get nextAt(): number {
    return Math.min(this.#nextStep(this.rule.instance.inputs.paneMs), this.#nextDue())
  }

  /** Nothing is remembered and nothing waits: the series may be forgotten. */
  get forgettable(): boolean {
    return this.#idle && this.#panes.size === 0 && this.onsets.size === 0 && this.#wakeAt === null
  }

  /** Panes and alerts up to `limit` (event time, ms), in order; returns what changed. */
  advance(limit: number, around: Surroundings): Change[] {
    const changes: Change[] = []
    const width = this.rule.instance.inputs.paneMs
    for (;;) {
      const stepAt = this.#nextStep(width)
      const dueAtMs = this.#nextDue()
      if (dueAtMs <= limit && dueAtMs <= stepAt - width) {
        this.#settleAll(dueAtMs, changes)
        continue
      }
      if (stepAt > limit) break
      this.#step(stepAt, stepAt - width, around, changes)
      this.#settleAll(stepAt, changes)
    }
    return changes
  }

  /** After everything is read: the events of the last pane up to `until` (ms) are known as well as
   *  those before, and so is what time alone changes up to then. */
  finish(until: number, around: Surroundings): Change[] {
    const { exact, paneMs } = this.rule.instance.inputs
    const changes = this.advance(paneStart(until, paneMs), around)
    const waits = this.#panes.first <= until || (this.#wakeAt ?? Infinity) <= until + 1
    if (exact && waits) this.#step(until + 1, paneStart(until, paneMs), around, changes)
    this.#settleAll(until, changes)
    return changes
  }

  #nextStep(width: number): number {
    const wake = this.#wakeAt === null ? Infinity : paneEndAtOrAfter(this.#wakeAt, width)
    return Math.min(this.#panes.first + width, wake)
  }

  #nextDue(): number {
    let due = Infinity
    for (const onset of this.onsets.values()) {
      due = Math.min(due, dueAt(onset, this.#patience) ?? Infinity)
    }
    return due
  }

  #step(at: number, start: number, around: Surroundings, changes: Change[]): void {
    const { inputs } = this.rule.instance
    const pane = this.#panes.take(start) ?? emptyPane(inputs.queries.length, inputs.exact)
    this.#samples = lastSamples(this.#samples, pane.samples, start - inputs.windowMs)
    const step = this.rule.instance.step(
      this.#state,
      {
        counts: pane.counts,
        times: pane.times === null ? [] : [...pane.times].sort(([a], [b]) => a - b),
        samples: pane.samples,
        scopeSince: around.since,
        history: inputs.history ? around.history : null,
        deploys: inputs.history ? around.deploys : null,
      },
      at,
    )
    this.#state = step.state
    this.#wakeAt = step.wakeAt === null ? null : Math.max(step.wakeAt, at + 1)
    this.#idle = step.idle
    this.#stepped = true
    this.dirty = true
    for (const observation of step.observations) this.#observe(observation, at, around, changes)
  }

  #observe(observation: Observation, at: number, around: Surroundings, changes: Change[]): void {
    const { labels, id } = this.#identity(observation.labels)
    const before = this.onsets.get(id) ?? null
    const advance = observe(before, observation, this.#patience, (startsAt): Onset => ({
      fingerprint: id,
      labels,
      phase: 'pending',
      startsAt,
      value: observation.value,
      threshold: observation.threshold,
      facts: { window: this.#window, ...observation.facts, ...around.facts(labels) },
      samples: this.#samples.map((sample) => sample.text),
      nodata: false,
      quietSince: null,
      blame: around.blame(startsAt, this.#samples, at),
      ordinal: 0,
    }))
    this.#keep(id, advance.onset, advance.changes, changes)
    if (before?.phase === 'firing' && before.nodata !== advance.onset?.nodata) this.#touched.add(id)
  }

  /** Labels and fingerprint of an alert. Those of the series itself are asked for at every pane. */
  #identity(more: Observation['labels']): Identity {
    if (more === undefined) return (this.#own ??= this.#identify({}))
    return this.#identify(more)
  }

  #identify(more: Readonly<Record<string, string>>): Identity {
    const labels = { ...this.labels, ...more, severity: this.rule.severity, ...this.rule.labels }
    return { labels, id: fingerprint(this.rule.name, labels) }
  }

  #settleAll(until: number, changes: Change[]): void {
    for (const [id, onset] of this.onsets) {
      const advance = settle(onset, until, this.#patience)
      if (advance.onset !== onset) this.#keep(id, advance.onset, advance.changes, changes)
    }
  }

  #keep(id: string, onset: Onset | null, made: readonly Change[], changes: Change[]): void {
    if (onset === null) this.onsets.delete(id)
    else this.onsets.set(id, { ...onset, ordinal: onset.ordinal + made.length })
    for (const [index, change] of made.entries()) {
      const ordinal = change.onset.ordinal + index
      changes.push({ ...change, onset: { ...change.onset, ordinal } })
    }
    this.dirty = true
  }
}

/** The newest samples, of those before only what is younger than `after` (event time, ms). */
function lastSamples(
  before: readonly Sample[],
  samples: readonly Sample[],
  after: number,
): readonly Sample[] {
  const room = samplesMax - samples.length
  if (room <= 0) return samples.slice(-samplesMax)
  const young = before.filter((sample) => sample.time > after)
  return [...young.slice(-room), ...samples]
}
