/** From counts to rates. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  askedRange,
  errorPercent,
  isEmpty,
  pointsMax,
  scaleTop,
  stepFor,
  toSeries,
} from '../../src/web/rates.ts'

const minutes = (count: number) => ({ fromMs: 0, toMs: count * 60_000 })

test.each([
  [1, 1],
  [15, 5],
  [60, 15],
  [24 * 60, 600],
  [7 * 24 * 60, 3_600],
])('a chart of %d minutes has steps of %d s', (span, step) => {
  expect(stepFor(minutes(span))).toBe(step)
})

test('up to a day and a half the step keeps the points below their bound', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 36 * 3_600 }), (seconds) => {
      const points = seconds / stepFor({ fromMs: 0, toMs: seconds * 1_000 })
      expect(points).toBeLessThanOrEqual(pointsMax)
    }),
  )
})

test('asks for whole steps only, and not for the one that is still filling', () => {
  expect(askedRange({ fromMs: 103_000, toMs: 199_000 }, 5, 199_000)).toEqual({
    fromMs: 100_000,
    toMs: 195_000,
  })
  expect(askedRange({ fromMs: 103_000, toMs: 199_000 }, 5, 900_000)).toEqual({
    fromMs: 100_000,
    toMs: 200_000,
  })
})

test('asks for one step at least, also of the future', () => {
  expect(askedRange({ fromMs: 500_000, toMs: 600_000 }, 5, 100_000)).toEqual({
    fromMs: 500_000,
    toMs: 505_000,
  })
})

test('divides counts by the step and draws the last step to its end', () => {
  const rates = {
    from: '',
    to: '',
    step: 5,
    times: [100, 105],
    requests: [1_500, 1_400],
    errors: [0, 6],
  }
  expect(toSeries(rates)).toEqual({
    times: [100, 105, 110],
    requests: [300, 280, 280],
    errors: [0, 1.2, 1.2],
  })
})

test('no steps make an empty chart', () => {
  const rates = { from: '', to: '', step: 5, times: [], requests: [], errors: [] }
  expect(toSeries(rates)).toEqual({ times: [], requests: [], errors: [] })
  expect(isEmpty(rates)).toBe(true)
  expect(isEmpty({ ...rates, times: [100], requests: [0], errors: [1] })).toBe(false)
})

test('a share of errors is said only where it is one', () => {
  expect(errorPercent(3, 300)).toBe(1)
  expect(errorPercent(3, 0)).toBeNull()
  expect(errorPercent(5, 4)).toBeNull()
})

test('a scale never ends so low that noise fills the chart', () => {
  expect(scaleTop(0.4, 1.1, 2)).toBe(2)
  expect(scaleTop(100, 1.5, 2)).toBe(150)
  expect(scaleTop(null, 1.1, 2)).toBe(2)
})
