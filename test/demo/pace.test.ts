import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pace, stallMs } from '../../src/demo/pace.ts'

const start = 1_795_442_531_000

function total(due: ReturnType<Pace['due']>): number {
  return due.reduce((sum, { count }) => sum + count, 0)
}

test('gives each request the second in which it happens', () => {
  const pace = new Pace(start, 4)
  expect(pace.due(start + 700)).toEqual([{ second: 1_795_442_531, count: 3 }])
  expect(pace.due(start + 1_300)).toEqual([
    { second: 1_795_442_531, count: 1 },
    { second: 1_795_442_532, count: 2 },
  ])
})

test('is silent until the next request is due', () => {
  const pace = new Pace(start, 4)
  expect(pace.due(start - 1)).toEqual([])
  expect(total(pace.due(start))).toBe(1)
  expect(pace.due(start + 249)).toEqual([])
  expect(total(pace.due(start + 250))).toBe(1)
})

test('does not drift, however the time is cut', () => {
  const cuts = fc.array(fc.integer({ min: 0, max: stallMs - 100 }), { maxLength: 200 })
  const rates = fc.integer({ min: 10, max: 500 })
  fc.assert(
    fc.property(rates, cuts, (rate, steps) => {
      const pace = new Pace(start, rate)
      let now = start
      let count = total(pace.due(now))
      for (const step of steps) {
        now += step
        count += total(pace.due(now))
      }
      // Request k is due at k / rate, the first one at once; within the rounding of one.
      expect(Math.abs(count - (1 + ((now - start) * rate) / 1_000))).toBeLessThanOrEqual(1)
    }),
  )
})

test('never writes of the future, nor of what lies longer ago than a stall', () => {
  const jumps = fc.array(fc.integer({ min: -20_000, max: 20_000 }), { maxLength: 50 })
  fc.assert(
    fc.property(jumps, (steps) => {
      const pace = new Pace(start, 50)
      let now = start
      for (const step of steps) {
        now += step
        for (const { second } of pace.due(now)) {
          expect(second * 1_000).toBeLessThanOrEqual(now)
          expect((second + 1) * 1_000).toBeGreaterThanOrEqual(now - stallMs)
        }
      }
    }),
  )
})

test('leaves out what a machine that stood still has missed', () => {
  const pace = new Pace(start, 10)
  pace.due(start)
  expect(total(pace.due(start + 60_000))).toBe(11)
})

test('goes on at once when the clock is set back by an hour', () => {
  const pace = new Pace(start, 10)
  pace.due(start + 500)
  expect(total(pace.due(start - 3_600_000))).toBe(1)
  expect(total(pace.due(start - 3_599_500))).toBe(5)
})
