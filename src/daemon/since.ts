/** "What changed since the last push", computed from the committed store: the same answer whether
 *  the daemon gives it or a command that reads the store without one. */
import { baselineFrom } from '../deploys/baseline.ts'
import { DeployTracker } from '../deploys/tracker.ts'
import { buildVerdict, type VerdictSeries } from '../deploys/verdict.ts'
import type { Alert } from '../model/alert.ts'
import { sameSha, type Deploy } from '../model/deploy.ts'
import { LastpushError } from '../model/errors.ts'
import type { ItemKind, Verdict, VerdictSource } from '../model/verdict.ts'
import type { PartitionState } from '../pipeline/partition.ts'
import type { SinceQuestion } from '../server/view.ts'
import type { PaneRow, SignatureDelta, StateReader } from '../store/state.ts'
import { itemKey, itemOf, requestsKey, type ExposureKind } from '../windows/history.ts'

/** A deploy is judged on its first hour, s. */
const afterMaxSeconds = 3_600
/** How far back a status or level makes it known and not new, s. */
const knownSeconds = 86_400
/** A partition without a line for so long is idle, ms. */
const idleAfterMs = 60_000

export interface SinceContext {
  readonly reader: StateReader
  readonly exposure: (service: string | null) => ExposureKind
  /** Up to when events count: wall time for a daemon, the newest event for a store at rest, ms. */
  readonly nowMs: number
  /** Wall time, ms: a deploy that starts later is no push yet. */
  readonly clockMs: number
  /** Partition or source → fault. */
  readonly faults: ReadonlyMap<string, string>
}

/** The verdict about one deploy.
 *  @throws LastpushError DEPLOY_UNKNOWN when the question names one that is not known. */
export async function since(question: SinceQuestion, context: SinceContext): Promise<Verdict> {
  const { reader } = context
  const tracker = new DeployTracker()
  for (const deploy of await reader.deploys()) tracker.add(deploy)
  const deploy =
    question.deploy === undefined
      ? pickDeploy(tracker, question, context.clockMs)
      : namedDeploy(tracker, question, question.deploy)
  const partitions = [...(await reader.records('partition')).values()] as PartitionState[]
  const sources = partitions.map((partition) => sourceState(partition, context))
  if (deploy === null) {
    return buildVerdict({ deploy, at: context.nowMs, supersededAt: null, series: [], sources, inherited: new Set() }) // prettier-ignore
  }
  const next = tracker.next(deploy)
  const supersededAt = next === null ? null : Date.parse(next.start)
  const series = await readSeries(deploy, tracker.before(deploy), supersededAt, context)
  const firing = await reader.alerts({ states: ['firing'] })
  return buildVerdict({
    deploy,
    at: context.nowMs,
    supersededAt,
    series,
    sources,
    inherited: inheritedItems(firing, deploy, tracker),
  })
}

/** The deploy that a question names. @throws LastpushError DEPLOY_UNKNOWN */
export function namedDeploy(tracker: DeployTracker, question: SinceQuestion, name: string): Deploy {
  const deploy = pickDeploy(tracker, question, Infinity)
  if (deploy !== null) return deploy
  const message = `no deploy ${JSON.stringify(name)} is known: lastpush since names the newest`
  throw new LastpushError('DEPLOY_UNKNOWN', message)
}

/** The deploy that is asked about: by id or SHA, else the newest of the scope that has started.
 *  @param clockMs Wall time, ms. */
function pickDeploy(
  tracker: DeployTracker,
  question: SinceQuestion,
  clockMs: number,
): Deploy | null {
  const wanted = question.deploy
  const named = wanted === undefined ? undefined : tracker.byId(wanted)
  if (named !== undefined && named !== null) return named
  const fits = (deploy: Deploy): boolean =>
    deploy.status !== 'failed' &&
    Date.parse(deploy.start) <= clockMs &&
    (question.service === undefined || deploy.service === question.service) &&
    (question.env === undefined || deploy.env === question.env) &&
    (wanted === undefined || sameSha(deploy.sha, wanted.toLowerCase()) || deploy.sha === wanted)
  return tracker.list().findLast(fits) ?? null
}

function sourceState(partition: PartitionState, context: SinceContext): VerdictSource {
  const fault = context.faults.get(partition.partition) ?? context.faults.get(partition.source)
  const idle = context.nowMs - partition.lastArrivalMs > idleAfterMs
  return {
    name: partition.partition,
    state: fault !== undefined ? 'blind' : idle ? 'idle' : 'live',
    lagSeconds:
      partition.newest === null
        ? null
        : Math.max(0, Math.round((context.nowMs - partition.newest) / 1_000)),
  }
}

async function readSeries(
  deploy: Deploy,
  previous: Deploy | null,
  supersededAt: number | null,
  context: SinceContext,
): Promise<readonly VerdictSeries[]> {
  const start = Math.floor(Date.parse(deploy.start) / 1_000)
  const end = Math.min(
    Math.ceil(context.nowMs / 1_000),
    supersededAt === null ? Infinity : Math.ceil(supersededAt / 1_000),
    start + afterMaxSeconds,
  )
  const panes = await context.reader.panes({
    from: start - knownSeconds,
    to: Math.max(end, start),
    env: deploy.env,
    ...(deploy.service === null ? {} : { service: deploy.service }),
  })
  const first = panes.reduce((least, pane) => Math.min(least, pane.second), Infinity)
  const previousStart = previous === null ? null : Math.floor(Date.parse(previous.start) / 1_000)
  const from = baselineFrom(start, previousStart, Math.min(first, start))
  const byItem = groupByItem(panes)
  const exposure = exposureOf(byItem.get(requestsKey) ?? [], context.exposure(deploy.service))
  const signatures = new Map<string, SignatureDelta>()
  for (const signature of await context.reader.signatures()) {
    if (signature.env === deploy.env && (deploy.service ?? signature.service) === signature.service)
      signatures.set(signature.id, signature)
  }
  // Signatures that stayed silent count too: they are hypotheses that were looked at.
  for (const id of signatures.keys()) {
    const key = itemKey('signature', id)
    if (!byItem.has(key)) byItem.set(key, [])
  }
  return [...byItem].map(([key, rows]) => {
    const { kind, id } = itemOf(key)
    const known = kind === 'signature' ? signatures.get(id) : undefined
    // Requests are measured against time: against themselves they would never change.
    const measure = kind === 'requests' ? exposureOf([], 'seconds') : exposure
    return {
      kind: kind as ItemKind,
      id,
      template: known?.template ?? null,
      sample: known?.sample ?? null,
      firstSeen: known?.firstSeen ?? firstOf(rows),
      before: { count: sum(rows, from, start), ...measure(from, start) },
      after: { count: sum(rows, start, end), ...measure(start, end) },
      tens: tens(rows, from, start),
    }
  })
}

/** Of statuses and levels only the panes tell when they were first seen. */
function firstOf(rows: readonly PaneRow[]): number | null {
  const first = rows.reduce((least, row) => Math.min(least, row.second), Infinity)
  return first === Infinity ? null : first * 1_000
}

function exposureOf(
  requests: readonly PaneRow[],
  kind: ExposureKind,
): (from: number, to: number) => { exposure: number; seconds: number } {
  return (from, to) => {
    const seconds = Math.max(0, to - from)
    return { seconds, exposure: kind === 'seconds' ? seconds : sum(requests, from, to) }
  }
}

function sum(rows: readonly PaneRow[], from: number, to: number): number {
  return rows.reduce(
    (total, row) => total + (row.second >= from && row.second < to ? row.count + row.late : 0),
    0,
  )
}

function tens(rows: readonly PaneRow[], from: number, to: number): number[] {
  const buckets = new Array<number>(Math.max(0, Math.floor((to - from) / 10))).fill(0)
  for (const row of rows) {
    const at = Math.floor((row.second - from) / 10)
    if (at >= 0 && at < buckets.length) buckets[at] = (buckets[at] ?? 0) + row.count + row.late
  }
  return buckets
}

/** Items whose trouble an earlier deploy brought and nobody has ended yet. */
function inheritedItems(
  firing: readonly Alert[],
  deploy: Deploy,
  tracker: DeployTracker,
): ReadonlySet<string> {
  const keys = firing.flatMap((alert) => {
    const blamed = alert.deploy === null ? null : tracker.byId(alert.deploy)
    if (blamed === null || blamed.id === deploy.id || blamed.start >= deploy.start) return []
    const { signature, status } = alert.labels
    if (signature !== undefined) return [itemKey('signature', signature)]
    return status === undefined ? [] : [itemKey('status', status)]
  })
  return new Set(keys)
}

function groupByItem(panes: readonly PaneRow[]): Map<string, PaneRow[]> {
  const groups = new Map<string, PaneRow[]>()
  for (const pane of panes) {
    const key = itemKey(pane.kind, pane.id)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [pane])
    else group.push(pane)
  }
  return groups
}
