/** Runs the tests that a rule's YAML carries: events at offsets, expected states at times, through
 *  the pipeline that runs live. Times are compared to the width of the rule's panes, since a
 *  condition on panes is only known at their ends. */
import { readReport } from '../deploys/report.ts'
import { DeployTracker } from '../deploys/tracker.ts'
import { formatDuration, isoTime } from '../flow/time.ts'
import type { Alert, Transition } from '../model/alert.ts'
import { sameSha } from '../model/deploy.ts'
import { jsonParser } from '../parsers/json.ts'
import { Pipeline } from '../pipeline.ts'
import type { Rule } from '../rules/rule.ts'

/** Offset 0 of every test: a fixed whole hour, so that results never depend on the day. */
const originMs = Date.UTC(2026, 0, 5, 12)
/** Without expectations, how long after the last event nothing may happen, ms. */
const quietMs = 600_000

/** One test, as catalog.ts reads it from YAML; times in ms after the start. */
export interface RuleTestSpec {
  readonly name: string
  readonly events: readonly {
    readonly at: number
    readonly repeat: number
    readonly every: number
    readonly [field: string]: unknown
  }[]
  readonly deploys: readonly {
    readonly at: number
    readonly sha: string
    readonly service?: string | undefined
    readonly env?: string | undefined
  }[]
  readonly expect: readonly Expectation[]
}

interface Expectation {
  readonly at: number
  readonly state: 'pending' | 'firing' | 'resolved'
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly sha?: string | undefined
  readonly fixed_by?: string | undefined
}

/** Something that happened, in the words of an expectation. */
interface Happened {
  readonly at: number
  readonly state: Expectation['state']
  readonly alert: Alert
}

/** @returns What does not hold, as sentences; empty when the test passes. */
export function runRuleTest(rule: Rule, test: RuleTestSpec): readonly string[] {
  const lastExpected = Math.max(-Infinity, ...test.expect.map(({ at }) => at))
  const happened = happenings(rule, test, lastExpected)
  const slack = rule.instance.inputs.paneMs
  const open = [...happened]
  const failures: string[] = []
  for (const expected of test.expect) {
    const at = open.findIndex((each) => fits(each, expected, slack))
    if (at >= 0) open.splice(at, 1)
    else failures.push(`expected ${told(expected)}, but ${whatInstead(happened)}`)
  }
  const surplus = open.filter(
    ({ state, at }) =>
      state !== 'pending' && (test.expect.length === 0 || at <= lastExpected + slack),
  )
  for (const each of surplus) failures.push(`did not expect ${told(each)}`)
  return failures
}

function happenings(rule: Rule, test: RuleTestSpec, lastExpected: number): readonly Happened[] {
  const deploys = new DeployTracker()
  for (const { at, ...deploy } of test.deploys) {
    const start = isoTime(originMs + at)
    deploys.add(readReport({ ...deploy, start }, { env: 'production' }, null))
  }
  const name = 'test'
  const pipeline = new Pipeline({
    rules: [rule],
    parsers: [jsonParser('json')],
    sources: new Map([[name, { name, service: null, env: 'production', parser: 'json', zone: 'UTC', latenessMs: 0 }]]), // prettier-ignore
    services: [],
    exposure: () => 'seconds',
    storeQuery: null,
    deploys,
    live: false,
  })
  const { bytes, last } = linesOf(test)
  pipeline.ingest({
    source: name,
    partition: name,
    bytes,
    start: 0,
    checkpoint: {},
    arrivalMs: originMs + last,
    final: true,
    skippedBytes: 0,
  })
  const until = lastExpected === -Infinity ? last + quietMs : Math.max(last, lastExpected)
  pipeline.finish(originMs + until + rule.instance.inputs.paneMs)
  const transitions = pipeline.take()?.transitions ?? []
  const pending = [
    ...transitions.filter(({ kind }) => kind === 'firing').map(({ alert }) => alert),
    ...pipeline.engine.alerts().filter(({ state }) => state === 'pending'),
  ]
  return [
    ...pending.map((alert): Happened => ({ at: offset(alert.startsAt), state: 'pending', alert })),
    ...transitions.flatMap(happenedOf),
  ]
}

function happenedOf({ kind, at, alert }: Transition): readonly Happened[] {
  if (kind === 'updated') return []
  return [{ at: at - originMs, state: kind, alert }]
}

function linesOf(test: RuleTestSpec): { bytes: Buffer; last: number } {
  const events = test.events.flatMap(({ at, repeat, every, ...fields }) =>
    Array.from({ length: repeat }, (_, index) => ({ at: at + index * every, fields })),
  )
  const lines = events
    .sort((a, b) => a.at - b.at)
    .map(({ at, fields }) => `${JSON.stringify({ time: isoTime(originMs + at), ...fields })}\n`)
  return { bytes: Buffer.from(lines.join('')), last: events.at(-1)?.at ?? 0 }
}

function fits(happened: Happened, expected: Expectation, slack: number): boolean {
  const { alert } = happened
  const labels = Object.entries(expected.labels ?? {})
  return (
    happened.state === expected.state &&
    Math.abs(happened.at - expected.at) <= slack &&
    labels.every(([name, value]) => alert.labels[name] === value) &&
    (expected.sha === undefined || sameSha(alert.sha ?? '', expected.sha)) &&
    (expected.fixed_by === undefined || sameSha(alert.fixedBy ?? '', expected.fixed_by))
  )
}

function whatInstead(happened: readonly Happened[]): string {
  return happened.length === 0 ? 'nothing happened' : `there was ${happened.map(told).join(', ')}`
}

function told(each: Expectation | Happened): string {
  const sha = 'alert' in each ? each.alert.sha : each.sha
  return `${each.state} at ${formatDuration(each.at)}${sha === undefined || sha === null ? '' : ` (${sha})`}`
}

function offset(time: string): number {
  return Date.parse(time) - originMs
}
