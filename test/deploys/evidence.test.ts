import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dispersion,
  eBenjaminiHochberg,
  evidenceOf,
  logEvidence,
  pooledDispersion,
  rateInterval,
  returnTail,
} from '../../src/deploys/evidence.ts'
import { poissonTimes, random } from './random.ts'

const log20 = Math.log(20)

describe('logEvidence', () => {
  test('is the mean of the seven bets, worked out by hand for one event', () => {
    // x0 = 0, t0 = t1: R(θ) = θ·(2/(1+θ))²; for 1/θ with exponent 1: R = (1/θ)·2/(1+1/θ).
    const worse = (0.9876543 + 0.96 + 0.8888889 + 0.75 + 0.5555556 + 0.3305785 + 0.1248699) / 7
    const better = (0.8888889 + 0.8 + 0.6666667 + 0.5 + 0.3333333 + 0.1818182 + 0.0645161) / 7
    const found = logEvidence({ x0: 0, t0: 60, x1: 1, t1: 60 })
    expect(Math.exp(found.worse)).toBeCloseTo(worse, 6)
    expect(Math.exp(found.better)).toBeCloseTo(better, 6)
  })

  test('divides all counts by the dispersion', () => {
    const plain = logEvidence({ x0: 12, t0: 3_600, x1: 7, t1: 600 })
    const bursts = logEvidence({ x0: 60, t0: 3_600, x1: 35, t1: 600, phi: 5 })
    expect(bursts.worse).toBeCloseTo(plain.worse, 12)
    expect(bursts.better).toBeCloseTo(plain.better, 12)
  })

  test('reaches 20 after some 11 excess errors, and 20,000 after some 34, of a doubled 10 a minute', () => {
    const x0 = 600
    const reached = (threshold: number) => {
      for (let x1 = 1; ; x1++) {
        const { worse } = logEvidence({ x0, t0: 3_600, x1, t1: x1 * 3 })
        if (worse >= Math.log(threshold)) return x1 / 2
      }
    }
    expect([reached(20), reached(20_000)]).toEqual([12, 33])
  })

  test('grows with each event of a rise, and with silence after errors', () => {
    const of = (x1: number, t1: number) => logEvidence({ x0: 60, t0: 3_600, x1, t1 })
    expect(of(11, 60).worse).toBeGreaterThan(of(10, 60).worse)
    expect(of(0, 600).better).toBeGreaterThan(of(0, 300).better)
    expect(of(0, 600).better).toBeGreaterThan(log20)
    expect(of(0, 600).worse).toBeLessThan(0)
  })

  test.each([
    [0, 10],
    [10, 0],
    [0, 0],
  ])('knows nothing with exposure %d before and %d after', (t0, t1) => {
    expect(logEvidence({ x0: 3, t0, x1: 5, t1 })).toEqual({ worse: 0, better: 0 })
  })

  test('is a number for every count up to a billion', () => {
    const count = fc.constantFrom(0, 1, 7, 1e3, 1e6, 1e9)
    const exposure = fc.constantFrom(0, 1e-3, 1, 3_600, 1e9)
    fc.assert(
      fc.property(
        count,
        exposure,
        count,
        exposure,
        fc.constantFrom(1, 5, 1e4),
        (x0, t0, x1, t1, phi) => {
          const { worse, better } = logEvidence({ x0, t0, x1, t1, phi })
          expect([worse, better].every(Number.isFinite)).toBe(true)
          expect(Number.isFinite(evidenceOf(worse))).toBe(true)
        },
      ),
    )
  })

  /** Share of runs without any change in which E ever reaches 20, looked at after every event. */
  function falseAlarms(setting: {
    perMinute: number
    burst: number
    runs: number
    scaled: boolean
  }) {
    const { perMinute, burst, runs, scaled } = setting
    const uniform = random(perMinute * 1_000 + burst)
    const rate = perMinute / 60 / burst
    // One hour before; as many bursts after as decide it, at most an hour.
    const secondsAfter = Math.min(3_600, 1_000 / rate)
    let alarms = 0
    for (let run = 0; run < runs; run++) {
      const before = poissonTimes(uniform, rate, 3_600)
      const tens = new Array<number>(360).fill(0)
      for (const at of before) tens[Math.floor(at / 10)] = (tens[Math.floor(at / 10)] ?? 0) + burst
      const counts = { x0: before.length * burst, t0: 3_600, phi: scaled ? dispersion(tens) : 1 }
      const alarm = poissonTimes(uniform, rate, secondsAfter).some(
        (t1, index) => logEvidence({ ...counts, x1: (index + 1) * burst, t1 }).worse >= log20,
      )
      if (alarm) alarms++
    }
    return alarms / runs
  }

  test.each([
    [0.1, 1, 4_000],
    [1, 1, 2_000],
    [10, 1, 600],
    [50, 1, 400],
    [5, 5, 1_500],
    [20, 5, 800],
  ])(
    'raises less than 5 in 100 false alarms at an unchanged %d a minute in bursts of %d',
    (perMinute, burst, runs) => {
      expect(falseAlarms({ perMinute, burst, runs, scaled: true })).toBeLessThan(0.05)
    },
  )

  test('would raise many false alarms on bursts if counts were not scaled', () => {
    const bursts = { perMinute: 20, burst: 5, runs: 400, scaled: false }
    expect(falseAlarms(bursts)).toBeGreaterThan(0.25)
  })
})

describe('dispersion', () => {
  test.each([
    [[], 1],
    [[5], 1],
    [[0, 0, 0], 1],
    [[2, 2, 2], 1],
    // Mean 1.25, squares 14.0625 + 3 · 1.5625 = 18.75, variance 6.25.
    [[5, 0, 0, 0], 5],
  ])('of %j is %d', (counts, phi) => {
    expect(dispersion(counts)).toBe(phi)
  })

  test('pools series about their own means', () => {
    expect(pooledDispersion([[100, 100, 100], [0, 0, 0]])).toBe(1) // prettier-ignore
    expect(pooledDispersion([[5, 0, 0, 0], [0, 5, 0, 0], []])).toBe(5) // prettier-ignore
    expect(pooledDispersion([])).toBe(1)
  })
})

describe('eBenjaminiHochberg', () => {
  const logs = (...values: number[]) => values.map(Math.log)

  test('rejects the k largest for the greatest k with E_(k) >= K/(kα)', () => {
    // K = 4: 80 for one, 40 for two, 26.7 for three, 20 for four.
    expect(eBenjaminiHochberg(logs(30, 1, 27, 27), 4)).toEqual(new Set([0, 2, 3]))
    expect(eBenjaminiHochberg(logs(79, 1, 39, 2), 4)).toEqual(new Set())
    expect(eBenjaminiHochberg(logs(80, 1, 39, 2), 4)).toEqual(new Set([0]))
    expect(eBenjaminiHochberg(logs(20, 20, 20, 20), 4)).toEqual(new Set([0, 1, 2, 3]))
  })

  test('counts the hypotheses that are not shown', () => {
    expect(eBenjaminiHochberg(logs(100), 5)).toEqual(new Set([0]))
    expect(eBenjaminiHochberg(logs(100), 6)).toEqual(new Set())
  })

  test('takes impossible evidence and none at all', () => {
    expect(eBenjaminiHochberg([-Infinity, 800], 2)).toEqual(new Set([1]))
    expect(eBenjaminiHochberg([], 0)).toEqual(new Set())
  })
})

describe('rateInterval', () => {
  // Ends by bisection of the binomial sum in exact arithmetic.
  test.each([
    [10, 100, 20, 100, 0.89350889, 4.78455244],
    [5, 3_600, 0, 600, 0, 6.54767463],
    [600, 3_600, 20, 60, 1.21282053, 3.11681692],
  ])('of %d in %d and %d in %d is [%d, %d]', (x0, t0, x1, t1, low, high) => {
    const interval = rateInterval(x0, t0, x1, t1)
    expect(interval?.[0]).toBeCloseTo(low, 7)
    expect(interval?.[1]).toBeCloseTo(high, 7)
  })

  test.each([
    [0, 60, 5, 60],
    [5, 0, 5, 60],
    [5, 60, 5, 0],
  ])('is unknown for %d in %d and %d in %d', (x0, t0, x1, t1) => {
    expect(rateInterval(x0, t0, x1, t1)).toBe(null)
  })

  test('joins the approximation for huge counts without a step', () => {
    const exact = rateInterval(100_000, 3_600, 100_000, 3_600) ?? [0, 0]
    const near = rateInterval(100_001, 3_600, 100_001, 3_600) ?? [0, 0]
    expect(exact[0]).toBeCloseTo(near[0], 4)
    expect(exact[1]).toBeCloseTo(near[1], 4)
    expect(rateInterval(1e9, 3_600, 1e9, 3_600)?.[1]).toBeCloseTo(1.0000877, 6)
  })

  test('is finite and ordered for lopsided counts', () => {
    for (const [x0, x1] of [
      [1e9, 3],
      [1, 1e9],
      [1e9, 0],
      [0.2, 0.4],
    ] as const) {
      // prettier-ignore
      const [low, high] = rateInterval(x0, 3_600, x1, 60) ?? [NaN, NaN]
      expect(low).toBeGreaterThanOrEqual(0)
      expect(high).toBeGreaterThan(low)
      expect(high).toBeLessThan(Infinity)
    }
  })
})

describe('returnTail', () => {
  test('is the negative binomial prediction, worked out by hand', () => {
    // x0 = 0, t = t0: P(X >= x) = 2^-x.
    expect(returnTail(1, 60, 0, 60)).toBeCloseTo(0.5, 12)
    expect(returnTail(5, 60, 0, 60)).toBeCloseTo(1 / 32, 12)
    // 10 an hour, then 5 in a minute: the binomial sum in exact arithmetic.
    expect(returnTail(5, 60, 10, 3_600)).toBeCloseTo(3.0993829e-6, 12)
  })

  test('is certain of nothing, and of anything without a past', () => {
    expect(returnTail(0, 60, 10, 3_600)).toBe(1)
    expect(returnTail(5, 60, 0, 0)).toBe(1)
    expect(returnTail(5, 0, 10, 3_600)).toBe(0)
  })

  test('stays a probability for huge counts', () => {
    expect(returnTail(1e9, 3_600, 1e9, 3_600)).toBeCloseTo(0.5, 2)
    expect(returnTail(1.1e9, 3_600, 1e9, 3_600)).toBeCloseTo(0, 12)
  })
})
