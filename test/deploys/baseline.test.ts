import { describe, expect, test } from 'vitest'
import { baselineFrom, stretches } from '../../src/deploys/baseline.ts'
import { DeployTracker } from '../../src/deploys/tracker.ts'
import { deployOf, minute } from './deploy-of.ts'

describe('baselineFrom', () => {
  test.each([
    ['the previous deploy’s time in effect', 10_000, 9_000, 0, 9_000],
    ['five minutes when the previous deploy is nearer', 10_000, 9_900, 0, 9_700],
    ['an hour when it is further', 10_000, 1_000, 0, 6_400],
    ['an hour when there is none', 10_000, null, 0, 6_400],
    ['no more than there is data', 10_000, 9_000, 9_800, 9_800],
    ['nothing when the data begin after it', 10_000, 9_000, 10_500, 10_000],
    ['nothing without data', 10_000, null, Infinity, 10_000],
  ])('is %s', (_, start, previous, first, expected) => {
    expect(baselineFrom(start, previous, first)).toBe(expected)
  })
})

describe('stretches', () => {
  const second = (minutes: number) => minute(minutes) / 1_000
  const [a, b, c] = [deployOf('v1.0', 0), deployOf('v2.0', 20), deployOf('v3.0', 50)] as const
  const tracker = new DeployTracker()
  for (const deploy of [a, b, c]) tracker.add(deploy)

  test('end where the next deploy took over', () => {
    expect(stretches(tracker, b, minute(300), 0)).toEqual({
      before: [second(0), second(20)],
      after: [second(20), second(50)],
      supersededAt: minute(50),
    })
  })

  test('end now, or an hour after the start', () => {
    expect(stretches(tracker, c, minute(60), 0).after).toEqual([second(50), second(60)])
    expect(stretches(tracker, c, minute(300), 0).after).toEqual([second(50), second(110)])
    expect(stretches(tracker, c, minute(40), 0).after).toEqual([second(50), second(50)])
  })
})
