import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { History, itemKey, itemOf, itemsMax, requestsKey } from '../../src/windows/history.ts'

const key = itemKey('status', '500')

interface Added {
  readonly second: number
  readonly count: number
}

const adds: fc.Arbitrary<Added[]> = fc.array(
  fc.record({ second: fc.integer({ min: 0, max: 200 }), count: fc.integer({ min: 1, max: 9 }) }),
  { maxLength: 60 },
)
const range = fc.tuple(fc.integer({ min: -10, max: 210 }), fc.integer({ min: -10, max: 210 }))

function historyOf(list: readonly Added[]): History {
  const history = new History('seconds')
  for (const { second, count } of list) history.add(key, second, count)
  return history
}

function naiveSum(list: readonly Added[], from: number, to: number): number {
  return list.reduce(
    (sum, { second, count }) => sum + (from <= second && second < to ? count : 0),
    0,
  )
}

describe('a history', () => {
  test('sums any range as a naive recount does, in whatever order the seconds came', () => {
    fc.assert(
      fc.property(adds, range, (list, [from, to]) => {
        const history = historyOf(list)
        expect(history.sum(key, from, to)).toBe(naiveSum(list, from, to))
        const seen: number[] = []
        history.each(key, from, to, (second) => seen.push(second))
        expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b))
        expect(history.last(key)).toBe(Math.max(-Infinity, ...list.map(({ second }) => second)))
        expect(history.first).toBe(Math.min(Infinity, ...list.map(({ second }) => second)))
      }),
    )
  })

  test('gives counts per ten seconds with zeros, and leaves out a rest that is shorter', () => {
    const history = historyOf([
      { second: 100, count: 2 },
      { second: 109, count: 1 },
      { second: 125, count: 4 },
      { second: 131, count: 8 },
    ])
    expect(history.tens(key, 100, 135)).toEqual([3, 0, 4])
    expect(history.tens(key, 105, 115)).toEqual([1])
    expect(history.tens(key, 100, 109)).toEqual([])
    expect(history.tens('status 503', 100, 120)).toEqual([0, 0])
  })

  test('the tens of a range sum to the range, but for the rest', () => {
    fc.assert(
      fc.property(adds, range, (list, [from, to]) => {
        const tens = historyOf(list).tens(key, from, to)
        const sum = tens.reduce((total, count) => total + count, 0)
        expect(sum).toBe(naiveSum(list, from, from + tens.length * 10))
        expect(tens.length).toBe(Math.max(0, Math.floor((to - from) / 10)))
      }),
    )
  })

  test('forgets what lies before the cut and nothing else', () => {
    fc.assert(
      fc.property(adds, range, fc.integer({ min: 0, max: 200 }), (list, [from, to], cut) => {
        const history = historyOf(list)
        history.prune(cut)
        const kept = list.filter(({ second }) => second >= cut)
        expect(history.sum(key, from, to)).toBe(naiveSum(kept, from, to))
        expect([...history.keys()]).toEqual(kept.length > 0 ? [key] : [])
      }),
    )
  })

  test('knows its first second also when that is forgotten, and since when it is whole', () => {
    const history = historyOf([
      { second: 20, count: 1 },
      { second: 90, count: 1 },
    ])
    expect([history.first, history.since]).toEqual([20, 20])
    history.prune(50.4)
    expect([history.first, history.since]).toEqual([20, 51])
    history.prune(10)
    expect(history.since).toBe(51)
    history.first = 5
    expect([history.first, history.since]).toEqual([5, 51])
    expect(new History('seconds').since).toBe(Infinity)
  })

  test('measures exposure in seconds, or in requests where those are logged', () => {
    const seconds = new History('seconds')
    expect([seconds.exposure(10, 70), seconds.exposure(70, 10)]).toEqual([60, 0])
    const access = new History('access')
    access.add(requestsKey, 12, 7)
    access.add(key, 12, 3)
    expect([access.exposure(10, 70), access.exposure(13, 70)]).toEqual([7, 0])
  })

  test('takes no more items than its bound, and goes on counting those it has', () => {
    const history = new History('seconds')
    for (let item = 0; item < itemsMax + 10; item++)
      history.add(itemKey('signature', `${item}`), 1, 1)
    history.add(itemKey('signature', '0'), 1, 1)
    expect([...history.keys()].length).toBe(itemsMax)
    expect(history.sum(itemKey('signature', '0'), 0, 2)).toBe(2)
    expect(history.sum(itemKey('signature', `${itemsMax}`), 0, 2)).toBe(0)
  })
})

test('an item key keeps kind and id apart', () => {
  expect(itemOf(itemKey('signature', 'a b'))).toEqual({ kind: 'signature', id: 'a b' })
  expect(itemOf(requestsKey)).toEqual({ kind: 'requests', id: '' })
})
