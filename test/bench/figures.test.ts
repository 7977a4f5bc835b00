import { describe, expect, test } from 'vitest'
import { cheapest, cpuRatio, quantile, spread } from '../../bench/figures.ts'

const cost = (cpu: number) => ({ cpu, wall: 9, memory: 9 })

describe('a spread', () => {
  test('has the middle value of an odd number of values', () => {
    expect(spread([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 })
  })

  test('has the mean of the two middle values of an even number', () => {
    expect(spread([4, 1, 2, 10])).toEqual({ min: 1, median: 3, max: 10 })
  })

  test('of nothing is no number', () => {
    expect(spread([])).toEqual({ min: NaN, median: NaN, max: NaN })
  })
})

test('a quantile lies between its neighbours in proportion', () => {
  const hundred = Array.from({ length: 101 }, (_, index) => index)
  expect(quantile(hundred, 0.99)).toBe(99)
  expect(quantile([10, 20], 0.25)).toBe(12.5)
  expect(quantile([7], 0.99)).toBe(7)
})

describe('a ratio of CPU time', () => {
  test('is taken round by round, so that a slow round hurts nobody', () => {
    const ours = [cost(2), cost(20), cost(2.2)]
    const theirs = [cost(1), cost(10), cost(1)]
    expect(cpuRatio(ours, theirs)).toEqual({ min: 2, median: 2, max: 2.2 })
  })

  test('of one that ran once is taken from that round', () => {
    expect(cpuRatio([cost(6)], [cost(2), cost(3), cost(4)])).toEqual({ min: 3, median: 3, max: 3 })
  })
})

test('the cheapest run is the one that the least CPU time went into', () => {
  expect(cheapest([cost(3), cost(2), cost(5)])).toBe(2)
  expect(cheapest([])).toBeNaN()
})
