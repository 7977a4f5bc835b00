import { describe, expect, test } from 'vitest'
import { holdbackMaxMs, Watermarks } from '../../src/windows/watermark.ts'
import { observe } from './observe.ts'

const minute = 60_000
const start = 1_700_000_000_000

/** Two partitions of one scope: a file and a topic, both read up to `start`. */
function opened(): Watermarks {
  const marks = new Watermarks()
  for (const partition of ['file', 'topic']) {
    marks.open(partition, { source: partition, latenessMs: 1_000, scope: 'web' }, start)
    marks.arrived(partition, start, false)
    observe(marks, partition, start)
  }
  return marks
}

/** The clock runs, with a tick each quarter of a second. */
function run(marks: Watermarks, fromMs: number, toMs: number): void {
  for (let now = fromMs; now <= toMs; now += 250) marks.tick(now)
}

describe('a partition that cannot be read', () => {
  test('is not idle, however long it says nothing', () => {
    const marks = opened()
    marks.close('file')
    marks.readable('topic', false, start)
    run(marks, start, start + 10 * minute)
    expect(marks.of('web', start + 10 * minute)).toBe(start - 1_000)
  })

  test('takes its lines in time when it comes back', () => {
    const marks = opened()
    marks.close('file')
    marks.readable('topic', false, start)
    run(marks, start, start + 10 * minute)
    marks.readable('topic', true, start + 10 * minute)
    run(marks, start + 10 * minute, start + 10 * minute + 500)
    marks.of('web', start + 10 * minute + 500)
    expect(observe(marks, 'topic', start + 100)).toBe(false)
    expect(marks.reached('web')).toBe(start - 1_000)
  })

  test('is idle again a lateness after it came back', () => {
    const marks = opened()
    marks.close('file')
    marks.readable('topic', false, start)
    run(marks, start, start + minute)
    marks.readable('topic', true, start + minute)
    // 1 s of lateness, and 2 s until a line of a quiet source is seen.
    run(marks, start + minute, start + minute + 3_000)
    expect(marks.of('web', start + minute + 3_000)).toBe(start + minute)
  })

  test('holds others back for a minute and is left out then, by name', () => {
    const marks = opened()
    marks.readable('topic', false, start)
    run(marks, start, start + holdbackMaxMs)
    observe(marks, 'file', start + holdbackMaxMs)
    expect(marks.of('web', start + holdbackMaxMs)).toBe(start - 1_000)
    expect(marks.incomplete('web', start + holdbackMaxMs)).toEqual([])
    run(marks, start + holdbackMaxMs, start + holdbackMaxMs + 3_000)
    expect(marks.incomplete('web', start + holdbackMaxMs + 3_000)).toEqual(['topic'])
    expect(marks.of('web', start + holdbackMaxMs + 3_000)).toBe(start + holdbackMaxMs)
  })
})
