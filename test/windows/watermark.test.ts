import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyScope, holdbackMaxMs, Watermarks } from '../../src/windows/watermark.ts'
import { observe } from './observe.ts'

const web = 'production\u0000web'
const api = 'production\u0000api'
const latenessMs = 30_000
/** Wall time at which every test begins, ms. */
const t0 = Date.UTC(2026, 10, 23, 12)

function opened(...partitions: readonly string[]): Watermarks {
  const marks = new Watermarks()
  for (const partition of partitions) {
    marks.open(partition, { source: partition, latenessMs, scope: web }, t0)
  }
  return marks
}

describe('lateness', () => {
  test('an event exactly as far back as the lateness is in time, one further back is late', () => {
    const marks = opened('a')
    expect(observe(marks, 'a', t0)).toBe(false)
    expect(observe(marks, 'a', t0 - 30_000)).toBe(false)
    expect(observe(marks, 'a', t0 - 30_001)).toBe(true)
  })

  test('is judged against the lines before, not after', () => {
    const marks = opened('a')
    const late = [0, 60_000, 29_999, 30_000, 100_000, 30_000].map((at) =>
      observe(marks, 'a', t0 + at),
    )
    expect(late).toEqual([false, false, true, false, false, true])
  })

  test('judged line by line equals a brute-force look at all earlier lines', () => {
    const times = fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 50 })
    fc.assert(
      fc.property(times, (list) => {
        const marks = opened('a')
        const brute = list.map((time, index) =>
          list.slice(0, index).some((earlier) => time < earlier - latenessMs),
        )
        expect(list.map((time) => observe(marks, 'a', time))).toEqual(brute)
      }),
    )
  })

  test('of one partition does not depend on another', () => {
    const marks = opened('a', 'b')
    observe(marks, 'a', t0)
    expect(observe(marks, 'b', t0 - 3_600_000)).toBe(false)
  })
})

describe('the watermark of a scope', () => {
  test('is the least newest event of its partitions, less the lateness', () => {
    const marks = opened('a', 'b')
    observe(marks, 'a', t0)
    expect(marks.of(web, null)).toBe(-Infinity)
    observe(marks, 'b', t0 - 10_000)
    expect(marks.of(web, null)).toBe(t0 - 40_000)
    observe(marks, 'b', t0 + 5_000)
    expect(marks.of(web, null)).toBe(t0 - 30_000)
  })

  test('does not look at partitions of other scopes, that of all scopes looks at all', () => {
    const marks = opened('a')
    marks.open('b', { source: 'b', latenessMs, scope: api }, t0)
    observe(marks, 'a', t0)
    expect(marks.of(web, null)).toBe(t0 - 30_000)
    expect(marks.of(anyScope, null)).toBe(-Infinity)
    observe(marks, 'b', t0 - 20_000)
    expect(marks.of(anyScope, null)).toBe(t0 - 50_000)
  })

  test('is held back by a partition whose lines may belong to any scope', () => {
    const marks = opened('a')
    marks.open('any', { source: 'any', latenessMs, scope: null }, t0)
    observe(marks, 'a', t0)
    expect(marks.of(web, null)).toBe(-Infinity)
  })

  test('is held back by a partition of another scope once a line of it belonged here', () => {
    const marks = opened('a')
    marks.open('b', { source: 'b', latenessMs, scope: api }, t0)
    observe(marks, 'a', t0)
    observe(marks, 'b', t0 - 15_000)
    marks.feed('b', web)
    expect(marks.of(web, null)).toBe(t0 - 45_000)
  })

  test('does not wait for a closed partition, and waits again when it is opened again', () => {
    const marks = opened('a', 'b')
    observe(marks, 'a', t0)
    observe(marks, 'b', t0 - 50_000)
    marks.close('b')
    expect(marks.of(web, null)).toBe(t0 - 30_000)
    marks.open('b', { source: 'b', latenessMs, scope: web }, t0)
    observe(marks, 'a', t0 + 60_000)
    expect(marks.of(web, null)).toBe(t0 - 30_000)
    observe(marks, 'b', t0 + 60_000)
    expect(marks.of(web, null)).toBe(t0 + 30_000)
  })

  test('goes on from the newest event of an earlier run', () => {
    const marks = new Watermarks()
    marks.open('a', { source: 'a', latenessMs, scope: web, newest: t0 }, t0 + 60_000)
    expect(marks.of(web, null)).toBe(t0 - 30_000)
    marks.restore(web, t0 - 10_000)
    expect(marks.of(web, null)).toBe(t0 - 10_000)
  })

  test('never goes back, whatever comes', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('observe'),
        of: fc.nat(2),
        at: fc.integer({ min: 0, max: 600 }),
      }),
      fc.record({ do: fc.constant('open'), of: fc.nat(2), at: fc.constant(0) }),
      fc.record({ do: fc.constant('close'), of: fc.nat(2), at: fc.constant(0) }),
      fc.record({ do: fc.constant('arrived'), of: fc.nat(2), at: fc.nat(1) }),
      fc.record({ do: fc.constant('tick'), of: fc.nat(2), at: fc.nat(120) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, live) => {
        const marks = opened('p0', 'p1')
        marks.open('p2', { source: 'p2', latenessMs, scope: null }, t0)
        let now = t0
        let before = { web: -Infinity, any: -Infinity }
        for (const { do: action, of, at } of steps) {
          const partition = `p${of}`
          if (action === 'observe') observe(marks, partition, t0 + at * 1_000)
          if (action === 'close') marks.close(partition)
          if (action === 'arrived') marks.arrived(partition, now, at === 1)
          if (action === 'open') marks.open(partition, { source: partition, latenessMs, scope: web }, now) // prettier-ignore
          if (action === 'tick') marks.tick((now += at * 1_000))
          const wall = live ? now : null
          const after = { web: marks.of(web, wall), any: marks.of(anyScope, wall) }
          expect(after.web).toBeGreaterThanOrEqual(before.web)
          expect(after.any).toBeGreaterThanOrEqual(before.any)
          expect(Math.max(after.web, after.any)).toBeLessThan(Infinity)
          before = after
        }
      }),
    )
  })
})

/** Ticks at the daemon's pace, the last one at `to`. */
function ticks(marks: Watermarks, from: number, to: number): void {
  for (let at = from; at < to; at += 250) marks.tick(at)
  marks.tick(to)
}

describe('the clock', () => {
  test('moves a partition that has been silent for its lateness and the time of a look', () => {
    const marks = opened('a', 'b')
    observe(marks, 'a', t0)
    marks.arrived('a', t0, false)
    ticks(marks, t0, t0 + 31_999)
    expect(marks.of(web, t0 + 31_999)).toBe(-Infinity)
    marks.tick(t0 + 32_000)
    expect(marks.of(web, t0 + 32_000)).toBe(t0)
    ticks(marks, t0 + 32_000, t0 + 92_000)
    expect(marks.of(web, t0 + 92_000)).toBe(t0 + 60_000)
  })

  test('leaves the first line of a quiet log in time, though it is seen two seconds old', () => {
    const marks = new Watermarks()
    marks.open('a', { source: 'a', latenessMs: 0, scope: web }, t0)
    ticks(marks, t0, t0 + 60_000)
    expect(marks.of(web, t0 + 60_000)).toBe(t0 + 58_000)
  })

  test('leaves a partition alone that has just had a line', () => {
    const marks = opened('a')
    observe(marks, 'a', t0)
    marks.arrived('a', t0 + 80_000, false)
    ticks(marks, t0 + 80_000, t0 + 90_000)
    expect(marks.of(web, t0 + 90_000)).toBe(t0 - 30_000)
  })

  test('makes no partition idle by time in which nothing could be read', () => {
    const marks = opened('a')
    observe(marks, 'a', t0)
    marks.arrived('a', t0, false)
    // The process was stopped for an hour, or the clock was set forward.
    const hour = t0 + 3_600_000
    marks.tick(hour)
    expect(marks.of(web, hour)).toBe(t0 - 30_000)
    // Half a second of the hour counts.
    ticks(marks, hour, hour + 31_400)
    expect(marks.of(web, hour + 31_400)).toBe(t0 - 30_000)
    marks.tick(hour + 31_500)
    expect(marks.of(web, hour + 31_500)).toBe(hour - 500)
  })

  test('makes no partition idle by a batch that was read before the clock was set on', () => {
    const marks = opened('a')
    observe(marks, 'a', t0)
    marks.tick(t0)
    const year = t0 + 31_536_000_000
    marks.tick(year)
    observe(marks, 'a', t0 + 100)
    marks.arrived('a', t0 + 100, false)
    marks.tick(year + 250)
    expect(marks.of(web, year + 250)).toBe(t0 + 100 - 30_000)
  })

  test('goes on alone when every partition is closed: a deleted log must not freeze its alerts', () => {
    const marks = opened('a')
    observe(marks, 'a', t0)
    marks.arrived('a', t0, false)
    marks.close('a')
    expect(marks.of(web, t0)).toBe(-Infinity)
    ticks(marks, t0, t0 + 60_000)
    expect(marks.of(web, t0 + 60_000)).toBe(t0 + 28_000)
  })

  test('does not move anything in a replay', () => {
    const marks = opened('a')
    observe(marks, 'a', t0)
    marks.close('a')
    expect(marks.of(web, null)).toBe(-Infinity)
  })
})

describe('a partition that lags', () => {
  function lagging(lagMs: number, catchingUp = false): Watermarks {
    const marks = opened('a', 'b')
    observe(marks, 'a', t0)
    marks.arrived('a', t0, false)
    observe(marks, 'b', t0 - lagMs)
    marks.arrived('b', t0, catchingUp)
    return marks
  }

  test('holds the others back for a minute behind its arrival, no longer', () => {
    expect(holdbackMaxMs).toBe(60_000)
    expect(lagging(60_000).of(web, t0)).toBe(t0 - 90_000)
    expect(lagging(60_000).incomplete(web, t0)).toEqual([])
    expect(lagging(60_001).of(web, t0)).toBe(t0 - 30_000)
    expect(lagging(60_001).incomplete(web, t0)).toEqual(['b'])
  })

  test('is waited for while it catches up, and in a replay for ever', () => {
    expect(lagging(3_600_000, true).of(web, t0)).toBe(t0 - 3_630_000)
    expect(lagging(3_600_000).of(web, null)).toBe(t0 - 3_630_000)
    expect(lagging(3_600_000).incomplete(web, null)).toEqual([])
  })

  test('is waited for until it has read something, after a restart', () => {
    const marks = opened('a')
    marks.open('b', { source: 'b', latenessMs, scope: web, newest: t0 - 3_600_000 }, t0)
    observe(marks, 'a', t0)
    marks.arrived('a', t0, false)
    expect(marks.of(web, t0)).toBe(t0 - 3_630_000)
  })

  test('decides alone where there are no others: a slow clock must not stop all decisions', () => {
    const marks = opened('a')
    observe(marks, 'a', t0 - 600_000)
    marks.arrived('a', t0, false)
    expect(marks.of(web, t0)).toBe(t0 - 630_000)
    expect(marks.incomplete(web, t0)).toEqual([])
    observe(marks, 'a', t0 - 500_000)
    expect(marks.of(web, t0)).toBe(t0 - 530_000)
  })
})

describe('the end of a replay', () => {
  test('reaches the newest event time of the scope, never infinity', () => {
    const marks = opened('a', 'b')
    observe(marks, 'a', t0)
    observe(marks, 'b', t0 - 50_000)
    marks.close('a')
    marks.close('b')
    expect(marks.finish(web)).toBe(t0)
    expect(marks.reached(web)).toBe(t0)
    expect(marks.of(web, null)).toBe(t0)
  })

  test('reaches nothing where there was no event', () => {
    expect(opened('a').finish(web)).toBe(-Infinity)
  })
})

test('a partition that was never opened is the caller’s bug', () => {
  expect(() => observe(new Watermarks(), 'a', t0)).toThrow('partition a was never opened')
})
