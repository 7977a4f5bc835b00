/** Fifty alert patterns over every line: how many lines match each of them, and any?
 *
 *  The patterns are bare words and phrases, as queries have them; `ripgrep, same words` is given
 *  expressions that mean the same and must count the same lines. `ripgrep, patterns` has the fifty
 *  expressions of the file that LASTPUSH_BENCH_PATTERNS names, where it does. Fair in that all read
 *  the same file from the page cache with one thread, start-up included; not fair to lastpush in
 *  that ripgrep stops at the first pattern of a line and counts none apart, nor to ripgrep in that
 *  its expressions could say more than words. Lines are not parsed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { linesOf, roundsOf, type Benchmark, type Report, type Settings } from './benchmark.ts'
import { folderOf } from './folder.ts'
import { accessLog } from './logs.ts'
import { firstLine, peersDir } from './peers.ts'
import { raceOver } from './race-report.ts'
import type { Told } from './told.ts'

export const alertPatterns: Benchmark = {
  name: 'alert-patterns',
  question: 'What does it cost to look for fifty patterns in every line?',
  run: async (settings) => report(settings),
}

function report(settings: Settings): Report {
  const log = accessLog(linesOf(settings, 1_000_000, 50_000))
  const queries = join(peersDir, 'alert-queries.txt')
  const ripgrep = firstLine(['rg', '--version'])
  const given = process.env['LASTPUSH_BENCH_PATTERNS']
  const rg = (file: string) => ['rg', '-j1', '-a', '-c', '-f', file, log.path]
  const contestants = [
    {
      name: 'lastpush',
      command: [process.execPath, join(peersDir, 'alert-patterns.mjs'), queries, log.path],
      tells: (output: string): Told => ({ matched: (JSON.parse(output) as { any: number }).any }),
    },
    ...(ripgrep === null
      ? []
      : [{ name: 'ripgrep, same words', command: rg(wordExpressions(queries)), tells: tellsMatched }]), // prettier-ignore
    ...(ripgrep === null || given === undefined
      ? []
      : [{ name: 'ripgrep, patterns', command: rg(given), tells: (): Told => ({}) }]),
  ]
  return {
    ...raceOver(log, contestants, roundsOf(settings, 5)),
    notes: ripgrep === null ? ['ripgrep: not here, left out'] : [],
    versions: ripgrep === null ? {} : { ripgrep },
  }
}

function tellsMatched(output: string): Told {
  return { matched: Number(output) }
}

/** The queries as expressions: words in any case with something else around and between. */
function wordExpressions(queries: string): string {
  const phrases = readFileSync(queries, 'utf8')
    .trimEnd()
    .split(/\n| OR /)
  const expressions = phrases.map((phrase) => {
    const words = phrase.toLowerCase().match(/[a-z0-9]+/g) ?? []
    return `(?i-u)(?:^|[^a-z0-9])${words.join('[^a-z0-9]+')}(?:[^a-z0-9]|$)\n`
  })
  const path = join(folderOf('peers'), 'alert-words.txt')
  writeFileSync(path, expressions.join(''))
  return path
}
