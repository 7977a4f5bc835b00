/** The way of one line, top to bottom. `ingest` is steps 1 to 6 for one batch, synchronous and in
 *  memory: the same input gives the same output. `take` is step 7, the one transaction that makes
 *  it visible. Dispatcher, receivers and indexer live on what was committed, not on this. */
import type { DeployTracker } from './deploys/tracker.ts'
import type { Alert } from './model/alert.ts'
import type { Batch } from './model/event.ts'
import { scopeKey, scopeOf } from './model/scope.ts'
import type { Parser, Scanned } from './parsers/parser.ts'
import { Counter } from './pipeline/count.ts'
import { Engine } from './pipeline/engine.ts'
import { enrich } from './pipeline/enrich.ts'
import { Epoch } from './pipeline/epoch.ts'
import { addLineFields } from './pipeline/line-fields.ts'
import { KnownSignatures } from './pipeline/known-signatures.ts'
import { addCounts, getOrMake, type Partial, type Totals } from './pipeline/partial.ts'
import { Parsing, type OnDetected } from './pipeline/parsing.ts'
import { newPartition, type PartitionState } from './pipeline/partition.ts'
import { ScopeTable } from './pipeline/scope-table.ts'
import { isErrorLevel } from './pipeline/signing.ts'
import { continueEvents } from './pipeline/stacks.ts'
import { timeRows, TimingRoom } from './pipeline/timing.ts'
import type { Query } from './query/query.ts'
import type { Rule } from './rules/rule.ts'
import { SignatureTable } from './signatures/signature.ts'
import type { ServiceQuery, SourceSettings } from './sources/settings.ts'
import type { Commit, PaneRow, RecordPut, SignatureDelta } from './store/state.ts'
import { History, historyMs, itemKey, type ExposureKind } from './windows/history.ts'
import { anyScope, Watermarks } from './windows/watermark.ts'

/** A batch at least this large means that the reader is catching up. */
const catchingUpBytes = 128 * 1_024

export interface PipelineOptions {
  readonly rules: readonly Rule[]
  readonly parsers: readonly Parser[]
  readonly sources: ReadonlyMap<string, SourceSettings>
  readonly services: readonly ServiceQuery[]
  readonly exposure: (service: string | null) => ExposureKind
  readonly storeQuery: Query | null
  readonly deploys: DeployTracker
  /** Following live, where the clock has a say in lateness; false in a replay. */
  readonly live: boolean
  /** False where nobody will ever `take` what changed: a replay keeps alerts only. */
  readonly commits?: boolean
  /** Told which parser was chosen for a partition, and from how many lines. */
  readonly onDetected?: OnDetected
}

/** What an earlier process committed. */
export interface Stored {
  readonly partitions: ReadonlyMap<string, unknown>
  readonly scopes: ReadonlyMap<string, unknown>
  readonly series: ReadonlyMap<string, unknown>
  readonly panes: readonly PaneRow[]
  /** Second from which on `panes` are whole. */
  readonly panesFrom: number
  readonly signatures: readonly SignatureDelta[]
  /** Wall time, ms. */
  readonly nowMs: number
}

export class Pipeline {
  readonly #options: PipelineOptions
  readonly #parsing: Parsing
  readonly #watermarks = new Watermarks()
  readonly #partitions = new Map<string, PartitionState>()
  readonly #histories = new Map<string, History>()
  readonly #signatures = new KnownSignatures()
  readonly #totals: Totals = { status: new Map(), level: new Map() }
  readonly #signatureTable = new SignatureTable()
  readonly #scopes = new ScopeTable()
  readonly #timingRoom = new TimingRoom()
  readonly #counter: Counter
  /** Some rule reads it. */
  readonly #keepsHistory: boolean
  readonly #engine: Engine
  #epoch = new Epoch()
  #dirty = new Set<PartitionState>()
  #nowMs = 0

  constructor(options: PipelineOptions) {
    this.#options = options
    this.#parsing = new Parsing(options.parsers, options.onDetected)
    this.#keepsHistory = options.rules.some((rule) => rule.instance.inputs.history)
    this.#counter = new Counter(options.rules, this.#signatureTable, options.storeQuery)
    this.#engine = new Engine(options.rules, {
      deploys: options.deploys,
      history: (scope) => this.history(scope),
      first: (scope) => this.#first(scope),
      template: (signature) => this.#signatures.template(signature),
      incomplete: (scope) => this.#watermarks.incomplete(scope, this.#wallTime()),
    })
  }

  /** The parser of a batch and the zone it reads times in, for who parses it elsewhere; null while
   *  the format of the partition is not known. */
  parserFor({ source, partition }: Batch): ReturnType<Parsing['known']> {
    return this.#parsing.known(this.#partitions.get(partition) ?? null, this.#settings(source))
  }

  /**
   * Steps 1 to 6 for one batch.
   * @param scanned What another thread has found in its bytes by the parser of `parserFor`.
   */
  ingest(batch: Batch, scanned: Scanned | null = null): void {
    const partition = this.#partitionOf(batch)
    if (batch.bytes.length === 0) return this.#noteCheckpoint(partition, batch)
    const source = this.#settings(batch.source)
    this.#watermarks.arrived(
      batch.partition,
      batch.arrivalMs,
      batch.bytes.length >= catchingUpBytes,
    )
    const { parser, columns } = this.#parsing.parse(batch, partition, source, scanned)
    if (batch.lines !== undefined) addLineFields(columns, batch.lines.fields)
    const labels = { source: source.name, service: source.service, env: source.env }
    const scopes = this.#scopes.bound(enrich(columns, labels, this.#options.services))
    const timed = timeRows(
      batch,
      columns,
      partition,
      this.#watermarks,
      scopes,
      this.#options.live,
      this.#timingRoom,
    )
    const partial = this.#counter.count(columns, timed, scopes, batch.partition)
    continueEvents(partition, parser, partial.events, columns, timed, batch.final)
    this.merge(partial)
    this.#counter.reuse(partial)
    partition.checkpoint = batch.checkpoint
    partition.lastArrivalMs = batch.arrivalMs
    const newest = this.#watermarks.newest(batch.partition)
    partition.newest = newest === -Infinity ? null : newest
    this.#dirty.add(partition)
    this.#advance(batch.arrivalMs)
  }

  /** A batch without lines says where a partition begins: from there on nothing may be lost. */
  #noteCheckpoint(partition: PartitionState, batch: Batch): void {
    partition.checkpoint = batch.checkpoint
    this.#dirty.add(partition)
  }

  /** Merges a partial, from this thread or another, without evaluating anything. */
  merge(partial: Partial): void {
    for (const [scope, items] of partial.items) {
      const history = this.history(scope)
      if (items.first < history.first) history.first = items.first
      if (this.#keepsHistory) {
        items.each((item, second, _count, _late, judged) => {
          if (judged > 0) history.add(item, second, judged)
        })
      }
      this.#engine.watch(scope, history.first * 1_000)
    }
    for (const [scope, signatures] of partial.signatures) {
      for (const delta of signatures.values()) this.#signatures.note(scope, delta)
    }
    addCounts(this.#totals.status, partial.totals.status)
    addCounts(this.#totals.level, partial.totals.level)
    this.#engine.merge(partial)
    if (this.#options.commits !== false) this.#epoch.addPartial(partial)
  }

  /** A partition was found: it holds its watermark back until its lines have come. */
  opened(sourceName: string, partition: string, nowMs: number): void {
    const source = this.#settings(sourceName)
    const state = getOrMake(this.#partitions, partition, () => newPartition(sourceName, partition))
    state.source = sourceName
    // Without a label of its own its lines may belong to any service. A replay waits for every file
    // anyway, and must not decide by which of them it happened to read first.
    const any = source.service === null || !this.#options.live
    this.#watermarks.open(
      partition,
      {
        source: sourceName,
        latenessMs: source.latenessMs,
        scope: any ? null : scopeKey(source),
        ...(state.newest === null ? {} : { newest: state.newest }),
      },
      nowMs,
    )
    for (const scope of state.scopes) this.#watermarks.feed(partition, scope)
  }

  /** Says whether a partition can be read at present; while it cannot, its silence means nothing. */
  readable(partition: string, is: boolean, nowMs: number): void {
    this.#watermarks.readable(partition, is, nowMs)
  }

  closed(partition: string): void {
    this.#watermarks.close(partition)
  }

  /** An empty batch: lets the clock advance idle partitions. Live only. */
  tick(nowMs: number): void {
    this.#watermarks.tick(nowMs)
    this.#advance(nowMs)
  }

  /** Everything is read: evaluates up to the newest event time, or to `until` (ms) beyond it. */
  finish(until = -Infinity): void {
    this.#engine.finish((scope) => Math.max(until, this.#watermarks.finish(scope)))
  }

  /** A deploy became known; `from` is where attribution may have changed, ms. */
  deployChanged(deploy: Parameters<Epoch['addDeploy']>[0], from: number): void {
    this.#epoch.addDeploy(deploy)
    this.#engine.deployChanged(from)
  }

  /** Step 7: everything since the last call as one transaction, or null when nothing changed. */
  take(): Commit | null {
    const changes = this.#engine.take()
    const records: RecordPut[] = [...this.#dirty].map((state) => ({
      kind: 'partition',
      key: state.partition,
      value: { ...state },
    }))
    if (records.length + changes.records.length === 0 && this.#epoch.empty) return null
    for (const [scope, history] of this.#histories) {
      const value = { first: history.first, reached: this.#watermarks.reached(scope) }
      records.push({ kind: 'scope', key: scope, value })
    }
    const commit = this.#epoch.toCommit(changes, records)
    this.#epoch = new Epoch()
    this.#dirty = new Set()
    return commit
  }

  /** Step 7 of a replay, which commits nothing: the alerts that changed, and the rest is dropped. */
  takeAlerts(): readonly Alert[] {
    this.#epoch = new Epoch()
    this.#dirty = new Set()
    return this.#engine.takeAlerts()
  }

  /** Takes up what an earlier process committed. */
  restore(stored: Stored): void {
    for (const [key, value] of stored.partitions) {
      const partition = value as PartitionState
      this.#partitions.set(key, partition)
      // Held back from the first moment: another source must not run ahead of what this partition
      // has gathered while nobody was reading.
      if (this.#options.sources.has(partition.source)) {
        this.opened(partition.source, key, stored.nowMs)
      }
    }
    for (const [scope, value] of stored.scopes) {
      const { first, reached } = value as { first: number | null; reached: number | null }
      this.#scopes.add(scope)
      this.history(scope).first = first ?? Infinity
      this.history(scope).prune(stored.panesFrom)
      this.#watermarks.restore(scope, reached ?? -Infinity)
    }
    const judged = new Set<string>()
    for (const delta of stored.signatures) {
      this.#signatures.note(scopeKey(delta), delta)
      this.#signatureTable.restore(scopeKey(delta), [delta.id])
      if (isErrorLevel(delta.level)) judged.add(delta.id)
    }
    for (const pane of stored.panes) {
      // A pane that only late events have is no part of any decision, not even of its beginning.
      if (pane.count === 0 || (pane.kind === 'signature' && !judged.has(pane.id))) continue
      this.history(scopeKey(pane)).add(itemKey(pane.kind, pane.id), pane.second, pane.count)
    }
    this.#engine.restore(stored.series, (scope) => this.#watermarks.reached(scope))
  }

  #first(scope: string): number {
    if (scope !== anyScope) return this.history(scope).first
    return [...this.#histories.values()].reduce(
      (least, { first }) => Math.min(least, first),
      Infinity,
    )
  }

  history(scope: string): History {
    return getOrMake(
      this.#histories,
      scope,
      () => new History(this.#options.exposure(scopeOf(scope).service)),
    )
  }

  partitions(): IterableIterator<PartitionState> {
    return this.#partitions.values()
  }

  /** Newest event time of a partition, ms; -Infinity before its first event. */
  newest(partition: string): number {
    return this.#partitions.get(partition)?.newest ?? -Infinity
  }

  /** Event time that a scope has certainly reached, ms; -Infinity before the first event. */
  reached(scope: string): number {
    return this.#watermarks.reached(scope)
  }

  /** Event time that every scope has certainly reached, ms; -Infinity when there is none. */
  reachedByAll(): number {
    return this.#watermarks.of(anyScope, this.#wallTime())
  }

  /** Events whose message became `other`, since a scope has too many distinct ones. */
  get overflowedSignatures(): number {
    return this.#signatureTable.overflowed
  }

  get engine(): Engine {
    return this.#engine
  }

  get totals(): Totals {
    return this.#totals
  }

  /** All signatures of this run, by scope and id. */
  signatures(): IterableIterator<SignatureDelta> {
    return this.#signatures.all()
  }

  #advance(nowMs: number): void {
    this.#nowMs = nowMs
    const wall = this.#wallTime()
    this.#engine.advance((scope) => this.#watermarks.of(scope, wall))
    // Every scope moves on, also one that no series happens to watch at this moment.
    for (const [scope, history] of this.#histories) {
      history.prune((this.#watermarks.of(scope, wall) - historyMs) / 1_000)
    }
  }

  /** Wall time where it may decide, null in a replay. */
  #wallTime(): number | null {
    return this.#options.live ? this.#nowMs : null
  }

  #partitionOf(batch: Batch): PartitionState {
    const known = this.#partitions.get(batch.partition)
    if (known !== undefined) return known
    this.opened(batch.source, batch.partition, batch.arrivalMs)
    return this.#partitionOf(batch)
  }

  #settings(name: string): SourceSettings {
    const settings = this.#options.sources.get(name)
    if (settings === undefined) throw new Error(`source ${name} is not configured`)
    return settings
  }
}
