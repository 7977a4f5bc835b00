import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exactPanes, ruleCases, walk } from '../contract/rule.ts'
import { instanceOf } from './rule-of.ts'

const late = 3_600_000

function seen(
  options: { num_events: number; timeframe: string },
  times: readonly number[],
  until = late,
): string[] {
  const rule = instanceOf('frequency', options, { query: 'level:error' })
  return walk(rule, exactPanes(times, rule.inputs.paneMs), until).observations.map(
    ({ at, holds, value }) => `${holds ? 'holds' : 'ends'} ${at} (${value})`,
  )
}

describe('frequency', () => {
  ruleCases('frequency', instanceOf('frequency', { num_events: 1, timeframe: '1m' }))

  test.each([
    ['fires at the very event that makes the count', [100, 400, 900], ['holds 900 (3)', 'ends 60100 (2)']],
    ['stays silent one event short', [100, 400], []],
    ['counts several events of one millisecond', [500, 500, 500], ['holds 500 (3)', 'ends 60500 (0)']],
    ['an event exactly `timeframe` old is out of the window', [0, 30_000, 60_000], []],
    ['an event one millisecond younger is in it', [1, 30_000, 60_000], ['holds 60000 (3)', 'ends 60001 (2)']],
    ['holds on while events keep the count up', [0, 10, 20, 30_000, 40_000, 60_005], ['holds 20 (3)', 'ends 90000 (2)']],
    ['an event at the moment the count would fall keeps it up', [0, 0, 0, 60_000, 60_000, 60_000], ['holds 0 (3)', 'ends 120000 (0)']],
    ['begins again after it has ended', [0, 1, 2, 70_000, 70_001, 70_002], ['holds 2 (3)', 'ends 60000 (2)', 'holds 70002 (3)', 'ends 130000 (2)']],
  ])('%s', (_, times, told) => {
    expect(seen({ num_events: 3, timeframe: '1m' }, times)).toEqual(told)
  }) // prettier-ignore

  test('tells the whole count when many events come at once', () => {
    const times = [0, ...new Array<number>(9).fill(5)]
    expect(seen({ num_events: 3, timeframe: '1m' }, times, 60_000)).toEqual(['holds 5 (10)'])
  })

  test('remembers no more events than tell whether there are N', () => {
    const rule = instanceOf('frequency', { num_events: 20, timeframe: '1d' }, { query: 'a:b' })
    const times = Array.from({ length: 20_000 }, (_, index) => index * 1_000)
    const { state } = walk(rule, exactPanes(times, rule.inputs.paneMs), 20_000_000)
    expect((state as { runs: unknown[] }).runs).toHaveLength(20)
  })

  test('forgets a series when its window is empty', () => {
    const rule = instanceOf('frequency', { num_events: 3, timeframe: '1m' }, { query: 'a:b' })
    expect(walk(rule, exactPanes([500], rule.inputs.paneMs), 60_000).idle).toBe(false)
    expect(walk(rule, exactPanes([500], rule.inputs.paneMs), 62_000).idle).toBe(true)
  })

  /** Turns at which "at least N events with newest - oldest < timeframe" changes, by recounting at
   *  every moment at which it could. */
  function oracle(times: readonly number[], num: number, timeframe: number): string[] {
    const moments = new Set(times.flatMap((time) => [time, time + timeframe]))
    const told: string[] = []
    let holds = false
    for (const moment of [...moments].sort((a, b) => a - b)) {
      const count = times.filter((time) => time <= moment && time > moment - timeframe).length
      if (count >= num === holds) continue
      holds = !holds
      told.push(`${holds ? 'holds' : 'ends'} ${moment} (${count})`)
    }
    return told
  }

  test('crosses and falls below exactly where a naive recount does, whatever the panes', () => {
    const near = fc.nat(20_000)
    const whole = fc.nat(20).map((second) => second * 1_000)
    fc.assert(
      fc.property(
        fc.array(fc.oneof(near, whole), { maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom('1s', '2500ms', '5s', '10s'),
        fc.constantFrom(1_000, 2_000, 7_000),
        (times, num, timeframe, paneMs) => {
          const built = instanceOf('frequency', { num_events: num, timeframe }, { query: 'a:b' })
          const rule = { ...built, inputs: { ...built.inputs, paneMs } }
          const { observations, idle } = walk(rule, exactPanes(times, paneMs), late)
          expect(
            observations.map(
              ({ at, holds, value }) => `${holds ? 'holds' : 'ends'} ${at} (${value})`,
            ),
          ).toEqual(oracle(times, num, built.inputs.windowMs))
          expect(idle).toBe(true)
        },
      ),
    )
  })
})
