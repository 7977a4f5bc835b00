import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { paneEndAtOrAfter, paneStart, paneWidth } from '../../src/windows/panes.ts'

describe('paneWidth', () => {
  test.each([
    ['30s', 30_000, 1_000],
    ['1m', 60_000, 2_000],
    ['2m', 120_000, 2_000],
    ['5m', 300_000, 10_000],
    ['10m', 600_000, 15_000],
    ['15m', 900_000, 30_000],
    ['1h', 3_600_000, 60_000],
    ['7d', 604_800_000, 60_000],
    ['too short for thirty panes', 20_000, 1_000],
    ['no multiple of a width', 61_001, 1_000],
  ])('cuts a window of %s into panes that divide it', (_, windowMs, width) => {
    expect(paneWidth(windowMs)).toBe(width)
  })
})

test('a time lies in its pane: at or after the start, before the end', () => {
  const time = fc.integer({ min: 0, max: 1e13 })
  fc.assert(
    fc.property(time, fc.constantFrom(1_000, 2_000, 15_000, 60_000), (at, width) => {
      const start = paneStart(at, width)
      expect(start % width === 0 && start <= at && at < start + width).toBe(true)
      const end = paneEndAtOrAfter(at, width)
      expect(end).toBe(start === at ? at : start + width)
    }),
  )
})
