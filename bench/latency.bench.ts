/** How long from the writing of a line to the arrival of the alert that it raises?
 *
 *  A writer of its own appends access lines to one file at a steady rate. Every half second it adds
 *  five lines with a path of their own; a rule fires at the fifth; a webhook receiver on loopback
 *  notes when the page comes. Measured from just before the decisive line is handed to the kernel,
 *  so polling, parsing, the rule, the commit to disk and the delivery all count. Kind to lastpush:
 *  no lateness is allowed for and no group waits, both of which an operator sets on purpose. Not
 *  kind: writer, receiver and daemon share the machine. Lone lines are the same with a rule that
 *  one line fulfils, in a file that is quiet otherwise: their target is 100 ms.
 *
 *  A rate that the daemon cannot keep up with shows as a latency of seconds; what has not arrived
 *  when the wait is over is counted as untold, and stands in no quantile. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Benchmark } from './benchmark.ts'
import { Daemon, inFolder } from './daemon.ts'
import { quantile } from './figures.ts'
import { monotonicMs, startHook, type Hook } from './hook.ts'
import { accessStamp } from './stamps.ts'
import { until } from './until.ts'
import { written } from './writing.ts'

const rates = [1_000, 10_000, 50_000]
const burstLines = 5
const burstEveryMs = 500
const loneTargetMs = 100

/** ms, ascending; and how many never came. */
interface Latencies {
  readonly name: string
  readonly ms: readonly number[]
  readonly untold: number
}

export const latency: Benchmark = {
  name: 'latency',
  question: 'How long from the writing of a line to the arrival of the alert that it raises?',
  async run(settings) {
    const seconds = settings.quick ? 4 : 20
    const waitMs = settings.quick ? 30_000 : 120_000
    const rows: Latencies[] = []
    for (const rate of rates) rows.push(await underLoad(rate, seconds, waitMs))
    rows.push(...(await lone(settings.quick ? 5 : 40)))
    const over = rows.filter(({ name, ms }) => name.startsWith('lone') && quantile(ms, 0.99) > loneTargetMs) // prettier-ignore
    return {
      input: `${seconds} s at each rate, bursts of ${burstLines} lines each ${burstEveryMs} ms`,
      tables: [
        {
          columns: ['lines', 'measured', 'p50 ms', 'p99 ms', 'max ms', 'untold'],
          rows: rows.map(({ name, ms, untold }) => [
            name,
            String(ms.length),
            ...[0.5, 0.99, 1].map((share) => quantile(ms, share).toFixed(0)),
            String(untold),
          ]),
        },
      ],
      notes: over.map(({ name }) => `${name}: the target of ${loneTargetMs} ms at p99 is not met.`),
      figures: rows,
    }
  },
}

function underLoad(rate: number, seconds: number, waitMs: number): Promise<Latencies> {
  return watched(burstLines, async (path, _daemon, { arrivals }) => {
    const burst = { lines: burstLines, everyMs: burstEveryMs }
    const { marks } = await written({ paths: [path], linesPerSecond: rate, seconds, burst })
    const all = () => (marks.every(([mark]) => arrivals.has(mark)) ? true : null)
    // Those that are still missing after that are counted.
    await until('the last alert', all, { limitMs: waitMs }).catch(() => null)
    const name = `${rate.toLocaleString('en-US')} lines a second`
    return latencies(name, marks, arrivals)
  })
}

/** Single lines into a quiet file, at times that fall anywhere between two looks of the daemon. */
function lone(count: number): Promise<readonly Latencies[]> {
  return watched(1, async (path, daemon, { arrivals }) => {
    const marks: [string, number][] = []
    const counted = new Map<string, number>()
    for (let index = 0; index < count; index++) {
      await delay(1_500 + ((index * 137) % 1_000))
      const mark = `/marked/lone-${index}`
      const before = await daemon.lines()
      const stamp = `[${accessStamp(Math.floor(Date.now() / 1_000))}]`
      marks.push([mark, monotonicMs()])
      appendFileSync(path, `192.0.2.9 - - ${stamp} "GET ${mark} HTTP/1.1" 404 0 "-" "bench"\n`)
      const more = async () => ((await daemon.lines()) > before ? true : null)
      await until('the line to be counted', more, { everyMs: 2 })
      counted.set(mark, monotonicMs())
      const told = () => (arrivals.has(mark) ? true : null)
      await until('its alert', told, { everyMs: 2, limitMs: 10_000 }).catch(() => null)
    }
    return [
      latencies('lone line, seen in the API', marks, counted),
      latencies('lone line, its alert', marks, arrivals),
    ]
  })
}

function latencies(
  name: string,
  marks: readonly (readonly [string, number])[],
  arrivals: ReadonlyMap<string, number>,
): Latencies {
  const ms = marks
    .filter(([mark]) => arrivals.has(mark))
    .map(([mark, at]) => (arrivals.get(mark) ?? NaN) - at)
    .sort((a, b) => a - b)
  return { name, ms, untold: marks.length - ms.length }
}

/** A daemon that follows one file with one rule and tells a webhook. */
function watched<T>(
  events: number,
  use: (path: string, daemon: Daemon, hook: Hook) => Promise<T>,
): Promise<T> {
  return inFolder(async (dir) => {
    const path = join(dir, 'access.log')
    writeFileSync(path, '')
    writeFileSync(join(dir, 'marked.yaml'), rule(events))
    const hook = await startHook()
    try {
      const config = [
        'lateness: 0s',
        'sources:',
        `  - { service: web, parser: apache_combined, file: ${JSON.stringify(path)} }`,
        'rules: marked.yaml',
        `receivers: { hook: { webhook: { url: ${JSON.stringify(hook.url)} } } }`,
        'route: { receiver: hook, group_by: [path], group_wait: 0s }',
      ]
      return await Daemon.during(dir, config, (daemon) => use(path, daemon, hook))
    } finally {
      hook.close()
    }
  })
}

function rule(events: number): string {
  return [
    'name: marked',
    'type: frequency',
    'query: path:/marked/*',
    'by: [path]',
    `num_events: ${events}`,
    'timeframe: 10s',
    '',
  ].join('\n')
}
