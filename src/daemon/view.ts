/** What the HTTP server is told: answers from the committed store, joined with what only the
 *  running process knows (living alerts, faults of sources, watermarks). */
import { pickedBy, type Silences } from '../alerts/silences.ts'
import { isoTime } from '../flow/time.ts'
import type { Deploy } from '../model/deploy.ts'
import type { Alert } from '../model/alert.ts'
import { silenceState, type Silence } from '../model/silence.ts'
import type { Rule } from '../rules/rule.ts'
import type {
  Health,
  IndexStatus,
  SilenceRow,
  TakenSilence,
  SourceStatus,
  UnreadLog,
  View,
  ViewEvent,
} from '../server/view.ts'
import type { RunningReceivers } from './receivers.ts'
import type { StateReader } from '../store/state.ts'
import type { ExposureKind } from '../windows/history.ts'
import { measure } from './measure.ts'
import { rates } from './rates.ts'
import { measureReach, sourceStatuses, type SourceParts } from './source-status.ts'
import { search, type SearchContext } from './search.ts'
import { since } from './since.ts'

const answersMax = 1_000

export interface ViewParts extends SourceParts {
  readonly version: string
  readonly state: StateReader
  readonly parsers: readonly string[]
  readonly rules: readonly Rule[]
  readonly exposure: (service: string | null) => ExposureKind
  readonly report: (deploy: unknown) => Promise<Deploy>
  readonly events: SearchContext
  readonly silences: Silences
  readonly index: () => IndexStatus
  readonly receivers: Pick<RunningReceivers, 'status' | 'measure'>
  readonly unread: () => readonly UnreadLog[]
  readonly health: () => Health
  readonly ready: () => Health
}

/** The daemon's View, and the place where it publishes what has just been committed. */
export class DaemonView implements View {
  readonly #parts: ViewParts
  readonly #listeners = new Set<(event: ViewEvent) => void>()

  constructor(parts: ViewParts) {
    this.#parts = parts
  }

  publish(event: ViewEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** Tells of an alert that was committed, or whose silence has changed. */
  publishAlert(alert: Alert): void {
    this.publish({ type: 'alert', data: this.#marked(alert) })
  }

  subscribe(listener: (event: ViewEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async status(): ReturnType<View['status']> {
    const { pipeline, rules, state } = this.#parts
    const living = pipeline.engine.alerts()
    const sizes = pipeline.engine.sizes()
    return {
      version: this.#parts.version,
      sources: await this.sources(),
      parsers: this.#parts.parsers,
      rules: rules.map((rule, index) => ({
        name: rule.name,
        type: rule.type,
        query: rule.queryText ?? '',
        series: sizes[index] ?? 0,
      })),
      alerts: {
        firing: living.filter((alert) => alert.state === 'firing').length,
        pending: living.filter((alert) => alert.state === 'pending').length,
      },
      deploys: (await state.deploys()).length,
      silences: (await this.silences({ state: 'active' })).length,
      store: await state.info(),
      index: this.#parts.index(),
      receivers: await this.#parts.receivers.status(),
      unread: this.#parts.unread(),
    }
  }

  sources(): Promise<readonly SourceStatus[]> {
    return sourceStatuses(this.#parts)
  }

  async alerts(question: Parameters<View['alerts']>[0]): ReturnType<View['alerts']> {
    const limit = question.limit ?? answersMax
    const asked = question.state
    const pending = asked === undefined || asked === 'pending' ? this.#pending() : []
    const stored =
      asked === 'pending'
        ? []
        : await this.#parts.state.alerts({ limit, ...(asked && { states: [asked] }) })
    return [...pending, ...stored].slice(0, limit).map((alert) => this.#marked(alert))
  }

  async deploys(question: Parameters<View['deploys']>[0]): ReturnType<View['deploys']> {
    return (await this.#parts.state.deploys()).toReversed().slice(0, question.limit ?? answersMax)
  }

  async signatures(question: Parameters<View['signatures']>[0]): ReturnType<View['signatures']> {
    const rows = [...(await this.#parts.state.signatures())]
    return rows
      .sort((a, b) => b.lastSeen - a.lastSeen)
      .slice(0, question.limit ?? answersMax)
      .map((row) => ({
        ...row,
        firstSeen: isoTime(row.firstSeen),
        lastSeen: isoTime(row.lastSeen),
      }))
  }

  since(question: Parameters<View['since']>[0]): ReturnType<View['since']> {
    return since(question, {
      reader: this.#parts.state,
      exposure: this.#parts.exposure,
      nowMs: this.#known(),
      clockMs: this.#parts.clock.now(),
      faults: this.#parts.faults(),
    })
  }

  rates(question: Parameters<View['rates']>[0]): ReturnType<View['rates']> {
    return rates(question, this.#parts.state)
  }

  events(question: Parameters<View['events']>[0]): ReturnType<View['events']> {
    return search(question, this.#parts.events)
  }

  report(deploy: unknown): Promise<Deploy> {
    return this.#parts.report(deploy)
  }

  async silences(question: Parameters<View['silences']>[0]): ReturnType<View['silences']> {
    const rows = this.#parts.silences.list().map((silence) => this.#row(silence))
    return rows.filter(({ state }) => question.state === undefined || question.state === state)
  }

  async addSilence(report: unknown): Promise<TakenSilence> {
    const silence = await this.#parts.silences.add(report)
    const firing = this.#parts.pipeline.engine.alerts().filter(({ state }) => state === 'firing')
    return {
      ...this.#changed(silence),
      firing: firing.length,
      picked: pickedBy(silence, firing),
    }
  }

  async endSilence(id: string): Promise<SilenceRow> {
    return this.#changed(await this.#parts.silences.end(id))
  }

  async metricsText(): Promise<string> {
    measure(this.#parts)
    await measureReach(this.#parts)
    await this.#parts.receivers.measure()
    return this.#parts.metrics.text()
  }

  health(): Health {
    return this.#parts.health()
  }

  ready(): Health {
    return this.#parts.ready()
  }

  #changed(silence: Silence): SilenceRow {
    for (const alert of this.#parts.pipeline.engine.alerts()) this.publishAlert(alert)
    return this.#row(silence)
  }

  #row(silence: Silence): SilenceRow {
    return { ...silence, state: silenceState(silence, this.#parts.clock.now()) }
  }

  /** Whether an alert is muted is no part of it, but of the moment in which somebody asks. */
  #marked(alert: Alert): Alert {
    if (alert.state === 'resolved') return alert
    return { ...alert, muted: this.#parts.silences.mutedBy(alert) !== null }
  }

  /** Event time up to which something is known, ms: to count seconds of which no line can have
   *  arrived yet would make every rate fall at the end. */
  #known(): number {
    const { clock, pipeline } = this.#parts
    const newest = [...pipeline.partitions()].map((partition) => (partition.newest ?? -1) + 1)
    return Math.min(clock.now(), Math.max(pipeline.reachedByAll(), ...newest))
  }

  #pending(): Alert[] {
    return this.#parts.pipeline.engine.alerts().filter((alert) => alert.state === 'pending')
  }
}
