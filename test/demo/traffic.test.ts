import { beforeAll, describe, expect, test } from 'vitest'
import { Traffic, type Lines } from '../../src/demo/traffic.ts'
import { rowKind, type Columns } from '../../src/model/columns.ts'
import { detectParser } from '../../src/parsers/detect.ts'
import { signatureOf } from '../../src/signatures/signature.ts'
import { shipped, shippedParser } from '../parsers/shipped.ts'

/** 2026-11-23T14:02:11Z */
const second = 1_795_442_531
const requests = 30_000
const well = new Traffic(7).requests(requests, second, 'well')
const broken = new Traffic(7).requests(requests, second, 'broken')

function bytesOf(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''))
}

function parsed(name: string, lines: readonly string[]): Columns {
  return shippedParser(name).parse(bytesOf(lines), { zone: 'UTC', open: false })
}

function rowsOf(columns: Columns, kind: number): number[] {
  return Array.from({ length: columns.rows }, (_, row) => row).filter(
    (row) => columns.kind[row] === kind,
  )
}

/** How often each value of a field comes. */
function counts(columns: Columns, field: string): Record<string, number> {
  const found: Record<string, number> = {}
  for (const row of rowsOf(columns, rowKind.event)) {
    const value = columns.fields.get(field)?.text(row) ?? 'none'
    found[value] = (found[value] ?? 0) + 1
  }
  return found
}

test('the same seed gives the same lines, another seed gives others', () => {
  const lines = (seed: number): Lines => new Traffic(seed).requests(200, second, 'broken')
  expect(lines(1)).toEqual(lines(1))
  expect(lines(1)).not.toEqual(lines(2))
})

test('the cut into stretches does not change the lines', () => {
  const traffic = new Traffic(3)
  const parts = [traffic.requests(17, second, 'well'), traffic.requests(83, second, 'well')]
  expect(parts.flatMap(({ access }) => access)).toEqual(
    new Traffic(3).requests(100, second, 'well').access,
  )
})

test('a line of each log reads as its server writes it', () => {
  expect(well.access[0]).toMatch(
    /^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+ - - \[23\/Nov\/2026:14:02:11 \+0000\] "(?:GET|POST) \/\S* HTTP\/1\.1" \d{3} (?:\d+|-) "\S+" "Mozilla\/5\.0 [^"]+"$/,
  )
  expect(well.php[0]).toMatch(/^\[23-Nov-2026 14:02:11 UTC\] PHP (?:Warning|Deprecated): {2}\S.*/)
})

describe.each([
  ['access', 'apache_combined'],
  ['php', 'php_error'],
] as const)('every line of the %s log', (log, name) => {
  test(`is detected as ${name} and parses`, () => {
    for (const lines of [well[log], broken[log]]) {
      const all = [...shipped.values()].map(({ parser }) => parser)
      expect(detectParser(bytesOf(lines.slice(0, 50)), all).parser.name).toBe(name)
      expect(rowsOf(parsed(name, lines), rowKind.unparsed)).toEqual([])
    }
  })

  test('has the time of its second', () => {
    const columns = parsed(name, broken[log])
    const times = rowsOf(columns, rowKind.event).map((row) => columns.time[row])
    expect(new Set(times)).toEqual(new Set([second * 1_000]))
  })
})

describe('while all is well', () => {
  let access: Columns
  let php: Columns
  beforeAll(() => {
    access = parsed('apache_combined', well.access)
    php = parsed('php_error', well.php)
  })

  test('each request is one line', () => {
    expect(well.access).toHaveLength(requests)
  })

  test('ordinary 404s are a few in a hundred, failures one in some 1,500', () => {
    const { '404': missing = 0, '500': failed = 0 } = counts(access, 'status')
    expect(missing / requests).toBeCloseTo(0.07, 2)
    expect(failed).toBeGreaterThan(10)
    expect(failed).toBeLessThan(30)
  })

  test('bots are some eight in a hundred', () => {
    const bots = well.access.filter((line) => /bot\//i.test(line)).length
    expect(bots / requests).toBeCloseTo(0.08, 2)
  })

  test('PHP warnings and notices come at their rates, and one fatal error of old', () => {
    const { warn = 0, notice = 0, crit = 0, ...others } = counts(php, 'level')
    expect(others).toEqual({})
    // One request in 120 and one in 60; four standard deviations of such counts are 63 and 89.
    expect(Math.abs(warn - 250)).toBeLessThan(64)
    expect(Math.abs(notice - 500)).toBeLessThan(90)
    expect(crit).toBe(counts(access, 'status')['500'])
    expect(new Set(errorTemplates(php))).toEqual(
      new Set(['Maximum execution time of <num> seconds exceeded']),
    )
  })
})

describe('while the push has broken it', () => {
  test('every failed checkout has its fatal error with the stack behind it', () => {
    const php = parsed('php_error', broken.php)
    const failed = broken.access.filter((line) => /"POST \/checkout\/pay .*" 500 /.test(line))
    const thrown = counts(php, 'exception')['TypeError'] ?? 0
    expect(thrown).toBeGreaterThan(1_000)
    expect(failed.length - thrown).toBeLessThan(5)
    expect(rowsOf(php, rowKind.continuation)).toHaveLength(5 * thrown)
  })

  test('more than half of the checkouts fail, and hardly anything else', () => {
    const failures = (path: RegExp): number => {
      const on = broken.access.filter((line) => path.test(line))
      return on.filter((line) => /" 500 /.test(line)).length / on.length
    }
    expect(failures(/ \/checkout\/pay /)).toBeCloseTo(0.6, 1)
    expect(failures(/ (?!\/checkout\/pay )\/\S* HTTP/)).toBeLessThan(0.002)
  })

  test('the new errors are one signature, which was not there before', () => {
    const templates = new Set(errorTemplates(parsed('php_error', broken.php)))
    const before = new Set(errorTemplates(parsed('php_error', well.php)))
    expect([...templates].filter((template) => !before.has(template))).toHaveLength(1)
  })
})

/** Templates of the fatal errors. */
function errorTemplates(php: Columns): string[] {
  return rowsOf(php, rowKind.event)
    .filter((row) => php.fields.get('level')?.text(row) === 'crit')
    .map((row) => signatureOf(php.fields.get('message')?.text(row) ?? '').template)
}
