/** `npm run bench:guard`: fails when lastpush has become dearer, by more than the kept limit, than
 *  programs that run in turn with it; one line a check. `-- --keep` keeps what is measured as the
 *  new ratios in guard.json.
 *
 *  Inputs are made, so that they are the same on every machine. Baselines read more lines than
 *  lastpush, enough for the clock to see their CPU time; ratios are per line, of the cheapest run of
 *  either: other tenants of a machine make runs dearer, never cheaper. A check that fails is tried
 *  again, and each of its ratios is judged by its best try. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cheapest } from './figures.ts'
import { root } from './folder.ts'
import { bestOf, judge, type Compared, type Ratio, type Verdict } from './guard-verdict.ts'
import { onePass } from './lastpush.ts'
import { jsonLinesLog, madeAccessLog, phpErrorLog, type Log } from './logs.ts'
import { machine } from './machine.ts'
import { race, type Contestant } from './measure.ts'
import { peersDir, presentPeers } from './peers.ts'

interface Guard {
  readonly lossMax: number
  readonly rounds: number
  /** How many lines each side reads. */
  readonly lines: { readonly lastpush: number; readonly baseline: number }
  /** Where and of what the ratios were taken. */
  readonly taken: { readonly sha: string; readonly cpu: string; readonly node: string }
  readonly ratios: readonly Ratio[]
}

interface Check {
  readonly name: string
  readonly log: (lines: number) => Log
  readonly options: readonly string[]
  /** Those that are on this machine. */
  readonly baselines: (log: string) => readonly Contestant[]
}

const triesMax = 3
const guardPath = join(root, 'bench/guard.json')
const accessBaselines = ['readline + RegExp', 'Rust, regex']

const checks: readonly Check[] = [
  {
    name: 'parse-and-count',
    log: madeAccessLog,
    options: ['--rules', 'none'],
    baselines: (log) =>
      presentPeers(log).contestants.filter(({ name }) => accessBaselines.includes(name)),
  },
  {
    name: 'shipped-rules',
    log: madeAccessLog,
    options: [],
    baselines: (log) =>
      presentPeers(log).contestants.filter(({ name }) => accessBaselines.includes(name)),
  },
  {
    name: 'php-errors',
    log: phpErrorLog,
    options: ['--parser', 'php_error'],
    baselines: (log) => [script('readline + RegExp', 'php-readline.mjs', log)],
  },
  {
    name: 'json-lines',
    log: jsonLinesLog,
    options: ['--parser', 'json'],
    baselines: (log) => [script('readline + JSON.parse', 'json-readline.mjs', log)],
  },
]

function main(keep: boolean): void {
  const guard = JSON.parse(readFileSync(guardPath, 'utf8')) as Guard
  if (keep) return keepRatios(guard)
  const verdicts = checks.flatMap((check) => judged(check, guard))
  for (const { text } of verdicts) console.log(text)
  if (verdicts.some(({ failed }) => failed)) process.exitCode = 1
}

function judged(check: Check, guard: Guard): readonly Verdict[] {
  const tries: (readonly Compared[])[] = []
  for (;;) {
    tries.push(compared(check, guard))
    const verdicts = bestOf(tries).map((best) => judge(best, guard.lossMax))
    if (tries.length === triesMax || verdicts.every(({ failed }) => !failed)) return verdicts
  }
}

function compared(check: Check, guard: Guard): readonly Compared[] {
  const found = measured(check, guard)
  return guard.ratios
    .filter((kept) => kept.check === check.name)
    .map((kept) => {
      const same = found.find(({ against }) => against === kept.against)
      return { kept, measured: same?.ratio ?? null }
    })
}

function measured(
  { name, log, options, baselines }: Check,
  { lines, rounds }: Guard,
): readonly Ratio[] {
  const [small, large] = [log(lines.lastpush), log(lines.baseline)]
  // Two logs give two answers; that answers are right is for the tests and for `npm run bench`.
  const tells = () => ({})
  const contestants = [
    { name: 'lastpush', command: onePass(small.path, ...options), tells },
    ...baselines(large.path).map((baseline) => ({ ...baseline, tells })),
  ]
  const [ours, ...theirs] = race(contestants, rounds, [small.path, large.path])
  return theirs.map(({ name: against, costs }) => ({
    check: name,
    against,
    ratio: (cheapest(ours?.costs ?? []) / cheapest(costs)) * (large.lines / small.lines),
  }))
}

function keepRatios(guard: Guard): void {
  const { sha, cpu, node } = machine()
  const ratios = checks
    .flatMap((check) => measured(check, guard))
    .map((each) => ({ ...each, ratio: Number(each.ratio.toPrecision(4)) }))
  const next: Guard = { ...guard, taken: { sha, cpu, node }, ratios }
  writeFileSync(guardPath, `${JSON.stringify(next, null, 2)}\n`)
  for (const { check, against, ratio } of ratios)
    console.log(`kept ${check} against ${against}: ${ratio}`)
}

function script(name: string, file: string, log: string): Contestant {
  return { name, command: [process.execPath, join(peersDir, file), log], tells: () => ({}) }
}

main(process.argv.includes('--keep'))
