/** The way of one line, top to bottom. `ingest` is steps 1 to 6 for one batch, synchronous and in
 *  memory: the same input gives the same output. `take` is step 7, the one transaction that makes
 *  it visible. Dispatcher, receivers and indexer live on what was committed, not on this. */
import type { DeployTracker } from './deploys/tracker.ts'
import type { Alert } from './model/alert.ts'
import type { Batch } from './model/event.ts'
import { scopeKey } from './model/scope.ts'
import type { Parser, Scanned } from './parsers/parser.ts'
import { Counter } from './pipeline/count.ts'
import { Engine } from './pipeline/engine.ts'
import { enrich } from './pipeline/enrich.ts'
import { Epoch } from './pipeline/epochs/epoch.ts'
import { Histories } from './pipeline/histories.ts'
import { addLineFields, markCut } from './pipeline/line-fields.ts'
import { KnownSignatures } from './pipeline/known-signatures.ts'
import { addCounts, type Partial, type Totals } from './pipeline/partial.ts'
import { Parsing, type OnDetected } from './pipeline/parsing.ts'
import type { PartitionState } from './pipeline/partition.ts'
import { Partitions } from './pipeline/partitions.ts'
import { ScopeTable } from './pipeline/scope-table.ts'
import { isErrorLevel } from './pipeline/signing.ts'
import { continueEvents } from './pipeline/stacks.ts'
import { timeRows, TimingRoom } from './pipeline/timing.ts'
import type { Query } from './query/query.ts'
import type { Rule } from './rules/rule.ts'
import { SignatureTable } from './signatures/signature.ts'
import type { ServiceQuery, SourceSettings } from './sources/settings.ts'
import type { Commit, PaneRow, RecordPut, SignatureDelta } from './store/state.ts'
import { itemKey, type ExposureKind, type History } from './windows/history.ts'
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
  readonly #partitions: Partitions
  readonly #histories: Histories
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
  #nowMs = 0

  constructor(options: PipelineOptions) {
    this.#options = options
    this.#partitions = new Partitions(options.sources, this.#watermarks, options.live)
    this.#histories = new Histories(options.exposure)
    this.#parsing = new Parsing(options.parsers, options.onDetected)
    this.#keepsHistory = options.rules.some((rule) => rule.instance.inputs.history)
    this.#counter = new Counter(options.rules, this.#signatureTable, options.storeQuery)
    this.#engine = new Engine(options.rules, {
      deploys: options.deploys,
      history: (scope) => this.history(scope),
      first: (scope) => this.#histories.first(scope),
      template: (signature) => this.#signatures.template(signature),
      incomplete: (scope) => this.#watermarks.incomplete(scope, this.#wallTime()),
    })
  }

  /** The parser of a batch and the zone it reads times in, for who parses it elsewhere; null while
   *  the format of the partition is not known. */
  parserFor({ source, partition }: Batch): ReturnType<Parsing['known']> {
    return this.#parsing.known(
      this.#partitions.get(partition) ?? null,
      this.#partitions.source(source),
    )
  }

  /**
   * Steps 1 to 6 for one batch.
   * @param scanned What another thread has found in its bytes by the parser of `parserFor`.
   */
  ingest(batch: Batch, scanned: Scanned | null = null): void {
    const partition = this.#partitions.of(batch)
    // A batch without lines says where a partition begins: from there on nothing may be lost.
    partition.checkpoint = batch.checkpoint
    this.#epoch.addPartition(partition)
    if (batch.bytes.length === 0) return
    const source = this.#partitions.settings(batch.source, batch.partition)
    this.#watermarks.arrived(
      batch.partition,
      batch.arrivalMs,
      batch.bytes.length >= catchingUpBytes,
    )
    const { parser, columns } = this.#parsing.parse(batch, partition, source, scanned)
    if (batch.lines !== undefined) addLineFields(columns, batch.lines.fields)
    markCut(batch, columns)
    const { name, service, env, host = null } = source
    const labels = { source: name, service, env, host }
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
    partition.lastArrivalMs = batch.arrivalMs
    const newest = this.#watermarks.newest(batch.partition)
    partition.newest = newest === -Infinity ? null : newest
    this.#advance(batch.arrivalMs)
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
    this.#partitions.open(sourceName, partition, nowMs)
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

  /** Step 7: everything since the last call as one transaction, or null when nothing changed. When
   *  that is done, and how a restart goes on from it, is in pipeline/epochs/. */
  take(): Commit | null {
    const ended = this.#epoch
    this.#epoch = new Epoch()
    return ended.end(this.#engine.take(), () => this.#scopeRecords())
  }

  #scopeRecords(): RecordPut[] {
    return [...this.#histories].map(([key, { first }]) => {
      return { kind: 'scope', key, value: { first, reached: this.#watermarks.reached(key) } }
    })
  }

  /** Step 7 of a replay, which commits nothing: the alerts that changed, and the rest is dropped. */
  takeAlerts(): readonly Alert[] {
    this.#epoch = new Epoch()
    return this.#engine.takeAlerts()
  }

  /** Takes up what an earlier process committed. */
  restore(stored: Stored): void {
    for (const [key, value] of stored.partitions) {
      this.#partitions.restore(key, value as PartitionState, stored.nowMs)
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

  history(scope: string): History {
    return this.#histories.of(scope)
  }

  partitions(): IterableIterator<PartitionState> {
    return this.#partitions.all()
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
    this.#histories.prune((scope) => this.#watermarks.of(scope, wall))
  }

  /** Wall time where it may decide, null in a replay. */
  #wallTime(): number | null {
    return this.#options.live ? this.#nowMs : null
  }
}
