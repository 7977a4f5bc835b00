/** A pass with threads that parse ahead gives what a pass without them gives. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadParsers } from '../../src/catalog.ts'
import { shippedParsers } from '../../src/config.ts'
import { DeployTracker } from '../../src/deploys/tracker.ts'
import { silentLog } from '../../src/flow/log.ts'
import { ManualClock } from '../../src/flow/time.ts'
import { replay } from '../../src/replay.ts'
import { ParseAhead } from '../../src/replay/parse-ahead.ts'
import { fileSource } from '../../src/sources/file.ts'
import { accessLine, generatedRules, phpLines } from '../pipeline/generated.ts'
import { optionsOf, outcome, t0 } from '../pipeline/world.ts'
import { shippedParser } from '../parsers/shipped.ts'

let dir = ''
let parserFiles: ReadonlyMap<string, string> = new Map()
beforeAll(async () => {
  const loaded = await loadParsers([shippedParsers])
  parserFiles = new Map(loaded.map(({ parser, file }) => [parser.name, file]))
  dir = mkdtempSync(join(tmpdir(), 'lastpush-ahead-'))
  const access = Array.from({ length: 40_000 }, (_, n) => {
    if (n % 997 === 0) return 'what is this'
    const at = n / 40 - (n % 13 === 0 ? 60 : 0)
    return accessLine(at, `10.0.0.${n % 5}`, n > 20_000 && n % 3 === 0 ? 500 : 200)
  })
  // A line longer than any memory that threads share, and more short lines than it has rows for.
  access.splice(9_000, 0, `${'x'.repeat(700_000)}`, ...Array.from({ length: 30_000 }, () => 'no'))
  writeFileSync(join(dir, 'access.log'), `${access.join('\n')}\n`)
  const php = Array.from({ length: 12_000 }, (_, n) => phpLines(n / 12, 'Fatal error', `Uncaught PDOException: gone away after ${n % 7} ms`)) // prettier-ignore
  writeFileSync(join(dir, 'php.log'), `${php.flat().join('\n')}\nunterminated`)
})
afterAll(() => rmSync(dir, { recursive: true }))

async function pass(workers: number | null) {
  const sources = [
    { name: 'apache_combined', service: 'web' },
    { name: 'php_error', service: 'web' },
  ]
  const file = (name: string, path: string) =>
    fileSource(name, { paths: [join(dir, path)], from: 'beginning' })
  const done = await replay({
    ...optionsOf({ rules: generatedRules, sources }),
    deploys: new DeployTracker(),
    clock: new ManualClock(t0 + 86_400_000),
    log: silentLog,
    readers: [file('apache_combined', 'access.log'), file('php_error', 'php.log')],
    ...(workers === null ? {} : { ahead: { workers, parserFiles, startAfterBytes: 0 } }),
  })
  return outcome(done.pipeline, done.alerts)
}

describe('threads that parse ahead', () => {
  test.each([1, 2, 3])('%d of them change nothing', async (workers) => {
    const alone = await pass(null)
    expect(alone.counts.lines).toBeGreaterThan(120_000)
    expect(alone.alerts.length).toBeGreaterThan(2)
    expect(await pass(workers)).toEqual(alone)
  })

  test('none are started for none', async () => {
    const ahead = new ParseAhead({ workers: 0, parserFiles, startAfterBytes: 0 })
    const parser = shippedParser('apache_combined')
    expect(await ahead.take(Buffer.alloc(100_000), parser, 'UTC', null)).toBeNull()
    await ahead.close()
  })

  test('a thread that ends of itself ends the pass with its error', async () => {
    const ahead = new ParseAhead({
      workers: 1,
      parserFiles: new Map([['apache_combined', '/nothing/own.yaml']]),
      startAfterBytes: 0,
    })
    const bytes = Buffer.from(`${accessLine(0, '10.0.0.1', 200)}\n`.repeat(1_000))
    await ahead.take(bytes, shippedParser('apache_combined'), 'UTC', null)
    await expect(ahead.failure).rejects.toThrow('ENOENT')
    await ahead.close()
  })

  test('a thread that is asked for a parser without a file says which', async () => {
    const ahead = new ParseAhead({ workers: 1, parserFiles: new Map(), startAfterBytes: 0 })
    const bytes = Buffer.from(`${accessLine(0, '10.0.0.1', 200)}\n`.repeat(1_000))
    await ahead.take(bytes, shippedParser('apache_combined'), 'UTC', null)
    await expect(ahead.failure).rejects.toThrow('no file of the parser apache_combined is known')
    await ahead.close()
  })

  test('a pass takes no thread before it has become long, and none for RE2', async () => {
    const ahead = new ParseAhead({ workers: 2, parserFiles })
    const bytes = Buffer.alloc(1_000_000)
    expect(await ahead.take(bytes, shippedParser('apache_combined'), 'UTC', null)).toBeNull()
    await ahead.close()
    const eager = new ParseAhead({ workers: 2, parserFiles, startAfterBytes: 0 })
    expect(await eager.take(bytes, shippedParser('json'), 'UTC', null)).toBeNull()
    await eager.close()
  })
})
