/** A pipeline with everything that it needs around it, for tests: sources that hand over given
 *  batches, shipped parsers, rules from YAML, and what a store would give back after a restart. */
import { silentLog } from '../../src/flow/log.ts'
import { isoTime, ManualClock } from '../../src/flow/time.ts'
import { DeployTracker } from '../../src/deploys/tracker.ts'
import type { Alert, Transition } from '../../src/model/alert.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { Batch } from '../../src/model/event.ts'
import { scopeKey } from '../../src/model/scope.ts'
import { Pipeline, type PipelineOptions, type Stored } from '../../src/pipeline.ts'
import { replay } from '../../src/replay.ts'
import type { Rule } from '../../src/rules/rule.ts'
import type { SourceSettings } from '../../src/sources/settings.ts'
import type { Source } from '../../src/sources/source.ts'
import type { Commit, PaneRow, SignatureDelta } from '../../src/store/state.ts'
import { deployOf } from '../deploys/deploy-of.ts'
import { shippedParser } from '../parsers/shipped.ts'

/** When every generated log begins, ms; whole hour. */
export const t0 = Date.UTC(2026, 10, 23, 12)
/** When the logs of a replay are read: long after they were written. */
export const readAtMs = t0 + 86_400_000

/** What a test wants of a source beside the defaults. */
export type SourceSpec = Partial<SourceSettings> & { readonly name: string }

export interface WorldSpec {
  readonly rules?: readonly Rule[]
  readonly sources?: readonly SourceSpec[]
  readonly deploys?: readonly Deploy[]
  readonly tracker?: DeployTracker
  readonly services?: PipelineOptions['services']
  readonly exposure?: PipelineOptions['exposure']
  readonly storeQuery?: PipelineOptions['storeQuery']
  readonly live?: boolean
}

export function optionsOf(spec: WorldSpec): PipelineOptions {
  const tracker = spec.tracker ?? new DeployTracker()
  for (const deploy of spec.deploys ?? []) tracker.add(deploy)
  const sources = (spec.sources ?? [{ name: 'json' }]).map((given): SourceSettings => ({
    service: null,
    env: 'production',
    parser: given.name,
    zone: 'UTC',
    latenessMs: 30_000,
    ...given,
  })) // prettier-ignore
  return {
    rules: spec.rules ?? [],
    parsers: ['apache_combined', 'php_error', 'json', 'plain'].map(shippedParser),
    sources: new Map(sources.map((source) => [source.name, source])),
    services: spec.services ?? [],
    exposure: spec.exposure ?? (() => 'seconds'),
    storeQuery: spec.storeQuery ?? null,
    deploys: tracker,
    live: spec.live ?? false,
  }
}

export function pipelineOf(spec: WorldSpec): Pipeline {
  return new Pipeline(optionsOf(spec))
}

/** One batch of whole lines. */
export function batchOf(
  source: string,
  lines: readonly string[],
  rest: Partial<Batch> = {},
): Batch {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const start = rest.start ?? 0
  return {
    source,
    partition: source,
    bytes,
    start,
    checkpoint: { offset: start + bytes.length },
    arrivalMs: readAtMs,
    final: false,
    skippedBytes: 0,
    ...rest,
  }
}

/** Lines in batches, cut before the lines of the given numbers; positions go on. */
export function cut(source: string, lines: readonly string[], cuts: readonly number[]): Batch[] {
  const inside = [...new Set(cuts)].filter((at) => at > 0 && at < lines.length)
  const borders = [0, ...inside.sort((a, b) => a - b), lines.length]
  let start = 0
  return borders.slice(1).map((to, index) => {
    const batch = batchOf(source, lines.slice(borders[index], to), { start })
    start += batch.bytes.length
    return batch
  })
}

/** A source that hands over given batches, as the contract has it: all partitions are opened first,
 *  one batch of each is in flight. */
export function listSource(
  name: string,
  partitions: ReadonlyMap<string, readonly Batch[]>,
): Source {
  return {
    name,
    run: async (context) => {
      for (const partition of partitions.keys()) context.opened(partition)
      await Promise.all(
        [...partitions].map(async ([partition, batches]) => {
          for (const batch of batches) await context.emit(batch)
          context.closed(partition)
        }),
      )
    },
  }
}

/** Everything that a pass over logs is compared by. */
export function outcome(pipeline: Pipeline, alerts: readonly Alert[]) {
  const partitions = [...pipeline.partitions()]
  const sum = (of: 'lines' | 'events' | 'continued' | 'unparsed' | 'late' | 'clamped') =>
    partitions.reduce((total, partition) => total + partition[of], 0)
  const counts = {
    lines: sum('lines'),
    events: sum('events'),
    continued: sum('continued'),
    unparsed: sum('unparsed'),
    late: sum('late'),
  }
  const sorted = (map: ReadonlyMap<string, number>) => Object.fromEntries([...map].sort())
  return {
    alerts: inOrder(alerts),
    counts,
    status: sorted(pipeline.totals.status),
    level: sorted(pipeline.totals.level),
    signatures: [...pipeline.signatures()]
      .map((delta) => ({ ...delta, key: `${scopeKey(delta)} ${delta.id}` }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  }
}

export function inOrder(alerts: readonly Alert[]): Alert[] {
  const key = (alert: Alert) => `${alert.startsAt} ${alert.fingerprint}`
  return alerts.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** Reads batches of several sources, one partition each, as `replay` does. */
export async function replayed(spec: WorldSpec, logs: ReadonlyMap<string, readonly Batch[]>) {
  const done = await replay({
    ...optionsOf(spec),
    clock: new ManualClock(readAtMs),
    log: silentLog,
    readers: [...logs].map(([name, batches]) => listSource(name, new Map([[name, batches]]))),
  })
  return outcome(done.pipeline, done.alerts)
}

/** What a store holds after commits, by the rules of its contract, through JSON. */
export class Committed {
  readonly #records = new Map<string, Map<string, unknown>>()
  readonly #panes = new Map<string, PaneRow>()
  readonly #signatures = new Map<string, SignatureDelta>()
  readonly #alerts = new Map<string, Alert>()
  readonly transitions = new Map<string, Transition>()

  add(given: Commit | null): void {
    if (given === null) return
    const commit = JSON.parse(JSON.stringify(given)) as Commit
    for (const { kind, key, value } of commit.records) {
      const records = this.#records.get(kind) ?? new Map<string, unknown>()
      this.#records.set(kind, records)
      if (value === null) records.delete(key)
      else records.set(key, value)
    }
    for (const pane of commit.panes) {
      const key = JSON.stringify([pane.env, pane.service, pane.kind, pane.id, pane.second])
      const { count, late } = this.#panes.get(key) ?? { count: 0, late: 0 }
      this.#panes.set(key, { ...pane, width: 1, count: count + pane.count, late: late + pane.late })
    }
    for (const delta of commit.signatures) {
      const key = `${scopeKey(delta)} ${delta.id}`
      const known = this.#signatures.get(key)
      this.#signatures.set(key, known === undefined ? delta : sumOf(known, delta))
    }
    for (const alert of commit.alerts) {
      this.#alerts.set(`${alert.fingerprint} ${alert.startsAt}`, alert)
    }
    for (const transition of commit.transitions) {
      if (!this.transitions.has(transition.id)) this.transitions.set(transition.id, transition)
    }
  }

  get alerts(): Alert[] {
    return inOrder([...this.#alerts.values()])
  }

  records(kind: string): ReadonlyMap<string, unknown> {
    return this.#records.get(kind) ?? new Map<string, unknown>()
  }

  get panes(): readonly PaneRow[] {
    return [...this.#panes.values()]
  }

  /** As a store reads it: nothing that a pipeline does with it changes what is stored. */
  stored(nowMs = 0): Stored {
    return {
      partitions: structuredClone(this.records('partition')),
      scopes: structuredClone(this.records('scope')),
      series: structuredClone(this.records('series')),
      panes: this.panes,
      panesFrom: 0,
      signatures: [...this.#signatures.values()],
      nowMs,
    }
  }
}

function sumOf(known: SignatureDelta, delta: SignatureDelta): SignatureDelta {
  const newest = delta.lastSeen >= known.lastSeen ? delta : known
  return {
    ...newest,
    firstSeen: Math.min(known.firstSeen, delta.firstSeen),
    count: known.count + delta.count,
  }
}

/** A JSON line of an event so many seconds after t0. */
export function line(at: number, fields: Record<string, unknown>): string {
  return JSON.stringify({ time: isoTime(t0 + at * 1_000), ...fields })
}

/** A deploy of the web service, or of another, so many seconds after t0. */
export function deployAt(sha: string, at: number, rest: Partial<Deploy> = {}): Deploy {
  const start = isoTime(t0 + at * 1_000)
  return { ...deployOf(sha, 0, { service: 'web' }), id: `d-${sha}`, start, end: start, ...rest }
}

/** Seconds after t0 of a time in an alert. */
export function after(time: string | null): number | null {
  return time === null ? null : (Date.parse(time) - t0) / 1_000
}
