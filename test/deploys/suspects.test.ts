import { describe, expect, test } from 'vitest'
import { suspects, suspectShares } from '../../src/deploys/suspects.ts'
import { DeployTracker } from '../../src/deploys/tracker.ts'
import { History, itemKey } from '../../src/windows/history.ts'
import { deployOf, minute } from './deploy-of.ts'

/** One error every `every` seconds in each stretch of minutes. */
function counts(...stretches: readonly [from: number, to: number, every: number][]) {
  const found = new Map<number, number>()
  for (const [from, to, every] of stretches) {
    for (let at = minute(from) / 1_000; at < minute(to) / 1_000; at += every) found.set(at, 1)
  }
  return found
}

const two = [deployOf('v1.0', 0), deployOf('v2.0', 5)]

describe('suspectShares', () => {
  test('gives a single candidate everything, also without counts', () => {
    expect(suspectShares([deployOf('v1.0', 0)], new Map(), minute(3))).toEqual([
      { sha: 'v1.0', share: 1 },
    ])
  })

  test('has nobody to suspect without candidates of the last hour', () => {
    expect(suspectShares([deployOf('v1.0', -61)], counts([0, 5, 1]), minute(3))).toEqual([])
    expect(suspectShares([deployOf('v1.0', 4)], counts([0, 5, 1]), minute(3))).toEqual([])
    expect(
      suspectShares([deployOf('v1.0', 0, { status: 'failed' })], new Map(), minute(3)),
    ).toEqual([])
  })

  test.each([
    [
      'v1.0',
      [
        [-50, 0, 60],
        [0, 10, 2],
      ],
    ],
    [
      'v2.0',
      [
        [-50, 5, 60],
        [5, 10, 2],
      ],
    ],
  ] as [string, [number, number, number][]][])(
    'suspects %s when the errors rose with it',
    (sha, stretches) => {
      const [first, second] = suspectShares(two, counts(...stretches), minute(10))
      expect(first?.sha).toBe(sha)
      expect(first?.share).toBeGreaterThan(0.99)
      expect((first?.share ?? 0) + (second?.share ?? 0)).toBeCloseTo(1, 12)
    },
  )

  test('does not suspect a deploy with which the errors fell', () => {
    const shares = suspectShares(two, counts([-50, 0, 60], [0, 5, 2]), minute(10))
    expect(shares[0]?.sha).toBe('v1.0')
    expect(shares[0]?.share).toBeGreaterThan(0.99)
  })

  test('does not suspect a deploy only because the log begins with it', () => {
    const rising = counts([0, 5, 60], [5, 10, 2])
    const [first, second] = suspectShares(two, rising, minute(10), minute(0) / 1_000)
    expect(first?.sha).toBe('v2.0')
    expect(first?.share).toBeGreaterThan(0.99)
    expect(second?.sha).toBe('v1.0')
    const before = suspectShares([deployOf('v1.0', -5)], rising, minute(10), minute(0) / 1_000)
    expect(before).toEqual([{ sha: 'v1.0', share: 1 }])
  })

  test('shares equally, newest first, where nothing tells them apart', () => {
    expect(suspectShares(two, new Map(), minute(10))).toEqual([
      { sha: 'v2.0', share: 0.5 },
      { sha: 'v1.0', share: 0.5 },
    ])
  })

  test('sums the shares of a SHA that was deployed twice', () => {
    const three = [...two, deployOf('v1.0', 8)]
    expect(suspectShares(three, new Map(), minute(10)).map(({ sha }) => sha)).toEqual([
      'v1.0',
      'v2.0',
    ])
  })

  test('stays a distribution for huge counts', () => {
    const flood = new Map([[minute(1) / 1_000, 1e9], [minute(7) / 1_000, 2e9]]) // prettier-ignore
    const shares = suspectShares(two, flood, minute(10)).map(({ share }) => share)
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
  })
})

describe('suspects', () => {
  test('counts the errors of the scope and takes its deploys', () => {
    const tracker = new DeployTracker()
    for (const deploy of [...two, deployOf('v9.0', 6, { service: 'other' })]) tracker.add(deploy)
    const history = new History('seconds')
    for (const [second] of counts([5, 10, 2])) history.add(itemKey('status', '500'), second, 1)
    for (const [second] of counts([-50, 10, 1])) history.add(itemKey('status', '200'), second, 1)
    const [first, ...rest] = suspects(tracker, history, 'production\u0000web', minute(10))
    expect([first?.sha, rest.map(({ sha }) => sha)]).toEqual(['v2.0', ['v1.0']])
    expect(first?.share).toBeGreaterThan(0.99)
  })
})
