import { describe, expect, test } from 'vitest'
import { baselineFrom } from '../../src/deploys/baseline.ts'

describe('baselineFrom', () => {
  test.each([
    ['the previous deploy’s time in effect', 10_000, 9_000, 0, 9_000],
    ['five minutes when the previous deploy is nearer', 10_000, 9_900, 0, 9_700],
    ['an hour when it is further', 10_000, 1_000, 0, 6_400],
    ['an hour when there is none', 10_000, null, 0, 6_400],
    ['no more than there is data', 10_000, 9_000, 9_800, 9_800],
    ['nothing when the data begin after it', 10_000, 9_000, 10_500, 10_000],
    ['nothing without data', 10_000, null, Infinity, 10_000],
  ])('is %s', (_, start, previous, first, expected) => {
    expect(baselineFrom(start, previous, first)).toBe(expected)
  })
})
