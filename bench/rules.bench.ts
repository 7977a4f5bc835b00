/** Do a thousand rules cost much more than ten?
 *
 *  First matching alone, over columns that are parsed already: CPU time of this process, the best of
 *  several passes, with the sample's 1,500 paths and with a path of its own in every line. `one by
 *  one` is each distinct query by itself, over columns too; it is left out where it takes minutes.
 *  Then whole processes over the same logs, parsing included; start-up, in which every rule file is
 *  read and checked, is what the same rules take over the shortest log. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MatchSet } from '../src/query/match-set.ts'
import { parseQuery } from '../src/query/query.ts'
import { selectRows } from '../src/query/select.ts'
import { parsedBatches, queriesOf, ruleTexts, type ParsedBatch } from './many-rules.ts'
import { compare } from './measure.ts'
import { distinctLog, lastpush, sampleLog } from './sample.ts'

const sizes = [1, 10, 100, 1_000]
/** Of a log as short as the parser is told from. */
const fewBytes = 4_096
const linesMatched = 200_000
const linesRun = 100_000
const passes = 6
const runs = 3

export function rules(): string {
  const logs = { 'sample paths': sampleLog, 'distinct paths': distinctLog }
  return Object.entries(logs)
    .flatMap(([name, log]) => [matching(name, log(linesMatched)), processes(name, log(linesRun))])
    .join('\n\n')
}

function matching(name: string, log: { path: string; bytes: number }): string {
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
  const rows = figures.map(
    ({ size, together, apart, matches }) =>
      `| ${size} | ${together.toFixed(0)} | ${(log.bytes / lines / together * 1e3).toFixed(0)} | ${(ten / together).toFixed(2)} | ${matches.toFixed(2)} | ${Number.isNaN(apart) ? '' : apart.toFixed(0)} |`, // prettier-ignore
  )
  return [
    `Matching, ${name}:\n`,
    '| rules | ns/line | MB/s | speed to 10 rules | matches/line | one by one, ns/line |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function matchTogether(set: MatchSet, batches: readonly ParsedBatch[]): number {
  let found = 0
  for (const { columns, rows } of batches) {
    for (const query of set.match(columns, rows)) found += set.rowsOf(query).length
  }
  return found
}

function matchApart(
  queries: Parameters<typeof selectRows>[0][],
  batches: readonly ParsedBatch[],
): number {
  // prettier-ignore
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

function processes(name: string, log: { path: string; bytes: number }): string {
  const { columns } = parsedBatches(log.path)[0]!
  const folder = join(tmpdir(), 'lastpush-bench', 'rules')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const few = join(folder, 'few.log')
  writeFileSync(few, readFileSync(log.path).subarray(0, fewBytes))
  const contestants = [0, ...sizes].flatMap((size) => {
    const of = join(folder, String(size))
    mkdirSync(of, { recursive: true })
    for (const [n, text] of ruleTexts(queriesOf(size, columns)).entries()) {
      writeFileSync(join(of, `rule-${n}.yaml`), text)
    }
    const run = (path: string) => [...lastpush, 'run', path, '--once', '--json', '--rules', size === 0 ? 'none' : join(of, '*.yaml')] // prettier-ignore
    return [
      { name: `${size}`, command: run(log.path) },
      { name: `${size}, start-up`, command: run(few) },
    ]
  })
  const figures = compare(contestants, runs)
  const cpuOf = (of: string): number => figures.find((each) => each.name === of)?.cpuMin ?? NaN
  const perLine = (size: number): number => ((cpuOf(`${size}`) - cpuOf(`${size}, start-up`)) * 1e6) / linesRun // prettier-ignore
  const rows = [0, ...sizes].map((size) => {
    const memory = figures.find((each) => each.name === `${size}`)?.memory ?? NaN
    return `| ${size} | ${cpuOf(`${size}`).toFixed(2)} | ${cpuOf(`${size}, start-up`).toFixed(2)} | ${perLine(size).toFixed(2)} | ${(perLine(10) / perLine(size)).toFixed(2)} | ${memory.toFixed(0)} |` // prettier-ignore
  })
  return [
    `Whole processes, ${name}, ${linesRun} lines:\n`,
    '| rules | CPU s, best | of it start-up | µs/line beyond it | speed to 10 rules | peak MiB |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}
