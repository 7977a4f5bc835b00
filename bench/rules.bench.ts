/** Do a thousand rules cost much more than ten?
 *
 *  First matching alone, over columns that are parsed already: CPU time of this process, the best of
 *  several passes, with the sample's 1,500 paths and with a path of its own in every line. `one by
 *  one` is each distinct query by itself, over columns too; it is left out where it takes minutes.
 *  Then whole processes over the same logs, parsing included; start-up, in which every rule file is
 *  read and checked, is what the same rules take over the shortest log. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MatchSet } from '../src/query/match-set.ts'
import { parseQuery, type Query } from '../src/query/query.ts'
import { selectRows } from '../src/query/select.ts'
import { linesOf, roundsOf, type Benchmark } from './benchmark.ts'
import { folderOf } from './folder.ts'
import { onePass, tellsStatuses } from './lastpush.ts'
import { accessLog, distinctPathsLog, type Log } from './logs.ts'
import { parsedBatches, queriesOf, ruleTexts, type ParsedBatch } from './many-rules.ts'
import { race } from './measure.ts'
import type { Table } from './table.ts'

const sizes = [1, 10, 100, 1_000]
/** Of a log as short as the parser is told from. */
const fewBytes = 4_096
const passes = 6

export const rules: Benchmark = {
  name: 'rules',
  question: 'Do a thousand rules cost much more than ten?',
  run: async (settings) => {
    const logs = { 'sample paths': accessLog, 'distinct paths': distinctPathsLog }
    const tables = Object.entries(logs).flatMap(([name, log]) => [
      matching(name, log(linesOf(settings, 200_000, 20_000))),
      processes(name, log(linesOf(settings, 1_000_000, 50_000)), roundsOf(settings, 3)),
    ])
    return {
      input: 'the sample repeated, with its own paths and with a path of its own in every line',
      tables,
      notes: [],
      figures: tables,
    }
  },
}

function matching(name: string, log: Log): Table {
  const batches = parsedBatches(log.path)
  const lines = batches.reduce((sum, { columns }) => sum + columns.rows, 0)
  const nsOf = (run: () => number): number => (bestMs(run) * 1e6) / lines
  const figures = sizes.map((size) => {
    const queries = queriesOf(size, batches[0]!.columns).map(parseQuery)
    const set = new MatchSet(queries)
    let matches = 0
    const together = nsOf(() => (matches = matchTogether(set, batches)))
    const apart = size > 100 ? NaN : nsOf(() => matchApart(queries, batches))
    return { size, together, apart, matches: matches / lines }
  })
  const ten = figures.find(({ size }) => size === 10)?.together ?? NaN
  return {
    columns: [
      `rules, matching alone, ${name}`,
      'ns a line',
      'MB/s',
      'speed to 10 rules',
      'matches a line',
      'one by one, ns a line',
    ],
    rows: figures.map(({ size, together, apart, matches }) => [
      String(size),
      together.toFixed(0),
      ((log.bytes / lines / together) * 1e3).toFixed(0),
      (ten / together).toFixed(2),
      matches.toFixed(2),
      Number.isNaN(apart) ? '' : apart.toFixed(0),
    ]),
  }
}

function matchTogether(set: MatchSet, batches: readonly ParsedBatch[]): number {
  let found = 0
  for (const { columns, rows } of batches) {
    for (const query of set.match(columns, rows)) found += set.rowsOf(query).length
  }
  return found
}

function matchApart(queries: readonly Query[], batches: readonly ParsedBatch[]): number {
  let found = 0
  for (const { columns, rows } of batches) {
    for (const query of queries) found += selectRows(query, columns, rows).length
  }
  return found
}

/** CPU time of the fastest pass. */
function bestMs(run: () => number): number {
  let best = Infinity
  for (let pass = 0; pass < passes; pass++) {
    const before = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1_000)
  }
  return best
}

function processes(name: string, log: Log, rounds: number): Table {
  const { columns } = parsedBatches(log.path, 1)[0]!
  const folder = folderOf('rules')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const few = join(folder, 'few.log')
  writeFileSync(few, readFileSync(log.path).subarray(0, fewBytes))
  const contestants = [0, ...sizes].map((size) => {
    const of = join(folder, String(size))
    mkdirSync(of, { recursive: true })
    for (const [n, text] of ruleTexts(queriesOf(size, columns)).entries()) {
      writeFileSync(join(of, `rule-${n}.yaml`), text)
    }
    const globs = size === 0 ? 'none' : join(of, '*.yaml')
    return { size, run: (path: string) => onePass(path, '--rules', globs) }
  })
  const timed = (path: string) =>
    race(
      contestants.map(({ size, run }) => ({ name: String(size), command: run(path), tells: tellsStatuses })), // prettier-ignore
      rounds,
      [path],
    ).map(({ costs }) => Math.min(...costs.map(({ cpu }) => cpu)))
  const [whole, startUp] = [timed(log.path), timed(few)]
  const perLine = whole.map((cpu, at) => ((cpu - (startUp[at] ?? NaN)) * 1e9) / log.lines)
  const ten = perLine[[0, ...sizes].indexOf(10)] ?? NaN
  return {
    columns: [
      `rules, whole process, ${name}`,
      'CPU s, best',
      'of it start-up',
      'ns a line beyond it',
      'MB/s beyond it',
      'speed to 10 rules',
    ],
    rows: contestants.map(({ size }, at) => [
      String(size),
      (whole[at] ?? NaN).toFixed(2),
      (startUp[at] ?? NaN).toFixed(2),
      (perLine[at] ?? NaN).toFixed(0),
      ((log.bytes / log.lines / (perLine[at] ?? NaN)) * 1e3).toFixed(0),
      (ten / (perLine[at] ?? NaN)).toFixed(2),
    ]),
  }
}
