import { describe, expect, test } from 'vitest'
import { betaQuantile, incompleteBeta, logGamma } from '../../src/deploys/beta.ts'

describe('logGamma', () => {
  test.each([
    [1, 0],
    [2, 0],
    [0.5, 0.5723649429247001],
    [11, 15.104412573075516],
    [0.1, 2.252712651734206],
  ])('of %d is %d', (x, expected) => {
    expect(logGamma(x)).toBeCloseTo(expected, 11)
  })

  test('grows by ln x from x to x + 1', () => {
    for (const x of [0.3, 1.7, 20, 1e3, 1e6]) {
      expect(logGamma(x + 1) - logGamma(x)).toBeCloseTo(Math.log(x), 8)
    }
  })
})

describe('incompleteBeta', () => {
  // Exact values by the binomial sum in rational arithmetic.
  test.each([
    [0.4, 2, 3, 0.5248],
    [0.02, 11, 600, 0.6756367070941323],
    [0.5, 500, 500, 0.5],
    [60 / 3660, 5, 11, 3.099382865044732e-6],
    [0, 2, 3, 0],
    [1, 2, 3, 1],
  ])('at %d with (%d, %d) is %d', (x, a, b, expected) => {
    expect(incompleteBeta(x, a, b)).toBeCloseTo(expected, 10)
  })

  test('stays a probability with huge parameters', () => {
    expect(incompleteBeta(0.5, 1e9, 1e9)).toBeCloseTo(0.5, 2)
    expect(incompleteBeta(0.499, 1e9, 1e9)).toBe(0)
    expect(incompleteBeta(4e-9, 4, 1e9)).toBeCloseTo(0.56652988, 4)
  })
})

describe('betaQuantile', () => {
  test.each([
    [0.025, 20, 11],
    [0.975, 1, 5],
    [0.5, 0.5, 0.5],
    [0.025, 3, 1e9],
  ])('inverts the incomplete beta: p %d of (%d, %d)', (p, a, b) => {
    expect(incompleteBeta(betaQuantile(p, a, b), a, b)).toBeCloseTo(p, 8)
  })
})
