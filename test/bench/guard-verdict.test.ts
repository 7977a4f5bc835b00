import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bestOf, judge, type Ratio } from '../../bench/guard-verdict.ts'

const kept = { check: 'parse-and-count', against: 'readline', ratio: 10 }

test('a planted loss of a quarter fails, and says what was kept', () => {
  expect(judge({ kept, measured: 12.5 }, 0.2)).toEqual({
    failed: true,
    text: 'FAIL parse-and-count against readline: 12.50, kept 10.00 (+25 %), at most +20 % passes',
  })
})

test('a loss within the limit passes', () => {
  expect(judge({ kept, measured: 11.9 }, 0.2)).toEqual({
    failed: false,
    text: 'ok   parse-and-count against readline: 11.90, kept 10.00 (+19 %)',
  })
})

test('the limit itself passes and the next figure does not', () => {
  expect(judge({ kept, measured: 12 }, 0.2).failed).toBe(false)
  expect(judge({ kept, measured: 12.01 }, 0.2).failed).toBe(true)
})

test('a great gain passes and asks to be kept', () => {
  const { failed, text } = judge({ kept, measured: 1 }, 0.2)
  expect(failed).toBe(false)
  expect(text).toContain('renew it: npm run bench:guard -- --keep')
})

test('of several tries each ratio is judged by its best', () => {
  const other = { ...kept, against: 'Rust, regex' }
  const best = bestOf([
    [{ kept, measured: 13 }, { kept: other, measured: 4 }],
    [{ kept, measured: 11 }, { kept: other, measured: 6 }],
    [{ kept, measured: NaN }, { kept: other, measured: 5 }],
  ]) // prettier-ignore
  expect(best.map(({ measured }) => measured)).toEqual([11, 4])
})

test('no try makes a ratio of a baseline that is absent, or that could not be computed', () => {
  expect(bestOf([[{ kept, measured: null }], [{ kept, measured: null }]])).toEqual([{ kept, measured: null }]) // prettier-ignore
  expect(bestOf([[{ kept, measured: NaN }], [{ kept, measured: NaN }]])).toEqual([{ kept, measured: NaN }]) // prettier-ignore
})

test('a baseline that is not on the machine is left out', () => {
  expect(judge({ kept, measured: null }, 0.2)).toEqual({
    failed: false,
    text: 'skip parse-and-count against readline: not here',
  })
})

test('a ratio that could not be computed fails', () => {
  expect(judge({ kept, measured: NaN }, 0.2).failed).toBe(true)
})

test('the kept ratios hold a limit of 20 % against a program that is everywhere', () => {
  const path = new URL('../../bench/guard.json', import.meta.url)
  const guard = JSON.parse(readFileSync(path, 'utf8')) as { lossMax: number; ratios: Ratio[] }
  expect(guard.lossMax).toBe(0.2)
  expect(guard.ratios.every(({ ratio }) => ratio > 0)).toBe(true)
  expect(
    guard.ratios
      .filter(({ against }) => against.startsWith('readline'))
      .map(({ check }) => check)
      .sort(),
  ).toEqual(['json-lines', 'parse-and-count', 'php-errors', 'shipped-rules'])
})
