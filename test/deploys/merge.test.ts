import { describe, expect, test } from 'vitest'
import { isOneDeploy, merge } from '../../src/deploys/merge.ts'
import { deployOf, minute } from './deploy-of.ts'
import { isoTime } from '../../src/flow/time.ts'

describe('isOneDeploy', () => {
  const done = deployOf('aaaaaaa', 0, { endMinute: 3 })
  test.each([
    ['the same report', done, true],
    ['a longer form of the SHA', deployOf('aaaaaaab', 1), true],
    ['another SHA', deployOf('bbbbbbb', 1), false],
    ['another SHA under the same id', deployOf('bbbbbbb', 1, { id: done.id }), true],
    ['another host, within five minutes of the end', deployOf('aaaaaaa', 8), true],
    ['a repetition later on', deployOf('aaaaaaa', 9), false],
    [
      'a late word that it was running',
      deployOf('aaaaaaa', -60, { endMinute: null, status: 'running' }),
      true,
    ],
    [
      'a running one of the day before',
      deployOf('aaaaaaa', -1_440, { endMinute: null, status: 'running' }),
      false,
    ],
    ['an attempt that had failed', deployOf('aaaaaaa', -1, { status: 'failed' }), false],
  ])('%s', (_, report, expected) => {
    expect(isOneDeploy(done, report)).toBe(expected)
  })

  test('a running deploy may fail, a failed one is not run on', () => {
    const running = deployOf('aaaaaaa', 0, { endMinute: null, status: 'running' })
    expect(isOneDeploy(running, deployOf('aaaaaaa', 4, { status: 'failed' }))).toBe(true)
    const failed = deployOf('aaaaaaa', 0, { status: 'failed' })
    expect(isOneDeploy(failed, { ...running, id: 'x', start: isoTime(minute(1)) })).toBe(false)
  })
})

describe('merge', () => {
  test('spans both roll-outs and takes the newer facts where there are any', () => {
    const known = deployOf('aaaaaaa', 2, { id: 'k', endMinute: 4, by: 'alice', url: 'https://a/' })
    const report = deployOf('aaaaaaab', 0, {
      id: 'r',
      endMinute: 3,
      by: 'bob',
      previous: '1234567',
    })
    expect(merge(known, report)).toEqual({
      ...deployOf('aaaaaaab', 0, { endMinute: 4 }),
      id: 'k',
      by: 'bob',
      url: 'https://a/',
      previous: '1234567',
    })
  })

  test.each([
    ['running', 'done', 'done'],
    ['running', 'failed', 'failed'],
    ['running', 'running', 'running'],
    ['done', 'running', 'done'],
    ['done', 'failed', 'failed'],
    ['failed', 'running', 'failed'],
    ['failed', 'done', 'failed'],
  ] as const)('%s, then %s at the same time, is %s', (first, second, status) => {
    const of = (of: typeof first) =>
      deployOf('aaaaaaa', 0, { status: of, endMinute: of === 'running' ? null : 2 })
    expect(merge(of(first), of(second)).status).toBe(status)
  })

  test('a failed deploy that came to its end later is done', () => {
    const failed = deployOf('aaaaaaa', 0, { status: 'failed', endMinute: 2 })
    expect(merge(failed, deployOf('aaaaaaa', 0, { endMinute: 5 })).status).toBe('done')
  })
})
