/** What `run --once` says at the end: one object with fixed names, or the same for people. */
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import { shortSha } from '../model/deploy.ts'
import { visible } from '../model/escape.ts'
import type { Pass } from './engine.ts'
import { counted, print, type Io } from './io.ts'

/** Signatures shown to people. */
const signaturesShown = 10

export interface Summary {
  readonly lines: number
  readonly events: number
  readonly continued: number
  readonly unparsed: number
  readonly late: number
  readonly sources: readonly {
    readonly path: string
    readonly parser: string | null
    readonly lines: number
    readonly events: number
    readonly unparsed: number
  }[]
  readonly status: Readonly<Record<string, number>>
  readonly level: Readonly<Record<string, number>>
  readonly signatures: readonly {
    readonly id: string
    readonly group: string
    readonly template: string
    readonly count: number
  }[]
  readonly alerts: readonly Alert[]
  readonly deploys: readonly Deploy[]
}

export function summaryOf(pass: Pass): Summary {
  const partitions = [...pass.pipeline.partitions()]
  const sum = (of: 'lines' | 'events' | 'continued' | 'unparsed' | 'late'): number =>
    partitions.reduce((total, partition) => total + partition[of], 0)
  return {
    lines: sum('lines'),
    events: sum('events'),
    continued: sum('continued'),
    unparsed: sum('unparsed'),
    late: sum('late'),
    sources: partitions.map(({ partition, parser, lines, events, unparsed }) => ({
      path: partition,
      parser,
      lines,
      events,
      unparsed,
    })),
    status: sorted(pass.pipeline.totals.status),
    level: sorted(pass.pipeline.totals.level),
    signatures: signaturesOf(pass),
    alerts: pass.alerts,
    deploys: pass.deploys.list(),
  }
}

/** Over all scopes, most frequent first. */
function signaturesOf(pass: Pass): Summary['signatures'] {
  const byId = new Map<string, Summary['signatures'][number]>()
  for (const { id, group, template, count } of pass.pipeline.signatures()) {
    byId.set(id, { id, group, template, count: count + (byId.get(id)?.count ?? 0) })
  }
  return [...byId.values()].sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1))
}

function sorted(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

export function printSummary(io: Io, summary: Summary): void {
  const { lines, events, continued, unparsed, late } = summary
  print(io, `${counted(lines, 'line')}: ${counted(events, 'event')}, ${continued} continued, ${unparsed} unparsed, ${late} late`) // prettier-ignore
  for (const source of summary.sources) {
    print(
      io,
      `  ${visible(source.path)}: ${source.parser ?? 'nothing read'}, ${counted(source.lines, 'line')}`,
    )
  }
  printCounts(io, 'status', summary.status)
  printCounts(io, 'level', summary.level)
  for (const { count, template } of summary.signatures.slice(0, signaturesShown)) {
    print(io, `  ${String(count).padStart(8)}  ${visible(template)}`)
  }
  print(
    io,
    `${counted(summary.deploys.length, 'deploy')}, ${counted(summary.alerts.length, 'alert')}`,
  )
  for (const alert of summary.alerts) print(io, `  ${alertLine(alert)}`)
}

function printCounts(io: Io, name: string, counts: Readonly<Record<string, number>>): void {
  const text = Object.entries(counts).map(([key, count]) => `${visible(key)}: ${count}`)
  if (text.length > 0) print(io, `${name}  ${text.join('  ')}`)
}

/** One alert on one line, for people. */
export function alertLine(alert: Alert): string {
  const since = alert.sha === null ? 'no deploy known' : `since ${shortSha(alert.sha)}`
  const end = alert.endsAt === null ? '' : ` to ${alert.endsAt}`
  const fixed = alert.fixedBy === null ? '' : `, fixed by ${shortSha(alert.fixedBy)}`
  const service = alert.labels['service'] === undefined ? '' : ` ${alert.labels['service']}`
  return visible(
    `${alert.state} ${alert.rule}${service}: ${alert.summary} (${since}${fixed}) ${alert.startsAt}${end}`,
  )
}
