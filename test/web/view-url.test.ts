/** Views and their URLs. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  around,
  formatView,
  parseView,
  shownRange,
  spanMsMax,
  spanMsMin,
  zoomed,
  zoomedOut,
} from '../../src/web/view-url.ts'

const at = (time: string) => Date.parse(`2026-02-03T${time}Z`)

test('a range is written with absolute times, readably', () => {
  const range = { fromMs: at('14:00:00'), toMs: at('14:10:00') }
  expect(formatView({ range, deploy: 'd 1&x', query: 'status:500 AND "a&b"' })).toBe(
    '?from=2026-02-03T14:00:00Z&to=2026-02-03T14:10:00Z&deploy=d+1%26x' +
      '&q=status:500+AND+%22a%26b%22',
  )
})

test('the live view has an empty query', () => {
  expect(formatView({ range: null, deploy: null, query: null })).toBe('')
})

test('reading what was written gives the same view', () => {
  const view = fc.record({
    range: fc.option(
      fc
        .tuple(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 1, max: spanMsMax / 1_000 }))
        .map(([from, span]) => ({ fromMs: from * 1_000, toMs: (from + span) * 1_000 })),
    ),
    deploy: fc.option(fc.string({ unit: 'binary' })),
    query: fc.option(fc.string({ unit: 'binary', minLength: 1 })),
  })
  fc.assert(
    fc.property(view, (shown) => {
      expect(parseView(formatView(shown))).toEqual(shown)
    }),
  )
})

test.each([
  '?from=yesterday&to=2026-02-03T14:00:00Z',
  '?from=2026-02-03T14:00:00Z',
  '?from=2026-02-03T14:00:00Z&to=2026-02-03T14:00:00Z',
  '?from=2026-02-03T14:00:00Z&to=2026-02-03T13:00:00Z',
  '?from=1970-01-01T00:00:00Z&to=2026-02-03T13:00:00Z',
])('a range that cannot be shown falls back to live: %s', (search) => {
  expect(parseView(search).range).toBeNull()
})

test.each(['?q=', `?q=${'a'.repeat(8_193)}`])('a query that cannot be asked is none', (search) => {
  expect(parseView(search).query).toBeNull()
})

test('other zones are understood', () => {
  expect(parseView('?from=2026-02-03T15:00:00%2B01:00&to=2026-02-03T14:10:00Z').range).toEqual({
    fromMs: at('14:00:00'),
    toMs: at('14:10:00'),
  })
})

test('live shows the last 15 minutes', () => {
  expect(shownRange({ range: null, deploy: null, query: null }, at('14:15:00'))).toEqual({
    fromMs: at('14:00:00'),
    toMs: at('14:15:00'),
  })
})

describe('zooming', () => {
  test('rounds to whole seconds that hold the drag', () => {
    expect(zoomed({ fromMs: at('14:00:00.700'), toMs: at('14:05:00.200') })).toEqual({
      fromMs: at('14:00:00'),
      toMs: at('14:05:01'),
    })
  })

  test('never shows less than the narrowest stretch', () => {
    const { fromMs, toMs } = zoomed({ fromMs: at('14:00:00'), toMs: at('14:00:02') })
    expect(fromMs).toBe(at('13:59:51'))
    expect(toMs - fromMs).toBe(spanMsMin)
  })

  test('out doubles the stretch and does not end in the future', () => {
    const range = { fromMs: at('14:00:00'), toMs: at('14:10:00') }
    expect(zoomedOut(range, at('18:00:00'))).toEqual({
      fromMs: at('13:55:00'),
      toMs: at('14:15:00'),
    })
    expect(zoomedOut(range, at('14:11:00'))).toEqual({
      fromMs: at('13:51:00'),
      toMs: at('14:11:00'),
    })
  })

  test('around a push shows what led to it, and no future', () => {
    const push = at('14:05:00')
    expect(around(push, at('18:00:00'))).toEqual({ fromMs: at('14:00:00'), toMs: at('14:15:00') })
    expect(around(push, at('14:07:00'))).toEqual({ fromMs: at('14:00:00'), toMs: at('14:07:00') })
    expect(around(push, at('14:05:01'))).toEqual({ fromMs: at('14:00:00'), toMs: at('14:05:20') })
  })
})
