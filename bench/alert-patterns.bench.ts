/** Fifty alert patterns over every line: how many lines match each of them, and any?
 *
 *  The patterns are bare words and phrases, as queries have them; `ripgrep, same words` is given
 *  expressions that mean the same and must count the same lines. `ripgrep, patterns` has the fifty
 *  expressions of the file that LASTPUSH_BENCH_PATTERNS names, where it does. Fair in that all read
 *  the same file from the page cache with one thread, start-up included; not fair to lastpush in
 *  that ripgrep stops at the first pattern of a line and counts none apart, nor to ripgrep in that
 *  its expressions could say more than words. Lines are not parsed. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compare, table } from './measure.ts'
import { sampleLog } from './sample.ts'

const lines = 1_000_000
const runs = 3

export function alertPatterns(): string {
  const { path, bytes } = sampleLog(lines)
  const queries = join(import.meta.dirname, 'peers/alert-queries.txt')
  const script = join(import.meta.dirname, 'peers/alert-patterns.mjs')
  const own = [process.execPath, script, queries, path]
  const found = JSON.parse(output(own)) as { any: number }
  if (spawnSync('rg', ['--version']).error !== undefined)
    return 'left out: ripgrep is not installed'
  const words = wordExpressions(queries)
  const same = ['rg', '-j1', '-a', '-c', '-f', words, path]
  const counted = Number(output(same))
  if (counted !== found.any) throw new Error(`lastpush found ${found.any} lines, rg ${counted}`)
  const given = process.env['LASTPUSH_BENCH_PATTERNS']
  const patterns = { name: 'ripgrep, patterns', command: ['rg', '-j1', '-c', '-f', given ?? '', path] } // prettier-ignore
  const figures = compare(
    [
      { name: 'lastpush', command: own },
      { name: 'ripgrep, same words', command: same },
      ...(given === undefined ? [] : [patterns]),
    ],
    runs,
  )
  return `${found.any} of ${lines} lines match.\n\n${table(figures, 'ripgrep, same words', bytes)}`
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
  const path = join(tmpdir(), 'lastpush-bench', 'alert-words.txt')
  writeFileSync(path, expressions.join(''))
  return path
}

function output([program = '', ...args]: readonly string[]): string {
  const ran = spawnSync(program, args, { encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`${program} failed:\n${ran.stderr}`)
  return ran.stdout
}
