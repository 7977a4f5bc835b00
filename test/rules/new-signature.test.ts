import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exactPanes, ruleCases, walk } from '../contract/rule.ts'
import { instanceOf } from './rule-of.ts'

const hour = 3_600_000
const day = 24 * hour
/** Long after the scope has learnt. */
const t0 = day

interface Setting {
  readonly num_events?: number
  readonly timeframe?: string
  readonly look_back?: string
  readonly learn?: string
  readonly keepFiringMs?: number
}

function seen(setting: Setting, times: readonly number[], until = 30 * day): string[] {
  const { keepFiringMs = 300_000, ...options } = setting
  const rule = instanceOf('new_signature', options, { query: 'level:error', keepFiringMs })
  const panes = exactPanes(
    times.map((time) => t0 + time),
    1_000,
  )
  return walk(rule, panes, t0 + until).observations.map(
    ({ at, holds }) => `${holds ? 'new' : 'over'} ${(at - t0) / 1_000}`,
  )
}

describe('new_signature', () => {
  ruleCases('new_signature', instanceOf('new_signature', {}))

  test('is a point rule that looks at each signature by itself', () => {
    const rule = instanceOf('new_signature', {})
    expect([rule.point, rule.by]).toEqual([true, ['signature']])
  })

  test.each<[string, Setting, number[], string[]]>([
    ['fires at the first event', {}, [1_234], ['new 1.234', 'over 301.234']],
    ['fires at the third event of three', { num_events: 3 }, [0, 10_000, 20_000], ['new 20', 'over 320']],
    ['three events within one millisecond are three', { num_events: 3 }, [0, 0, 0], ['new 0', 'over 300']],
    ['two events of three say nothing', { num_events: 3 }, [0, 10_000], []],
    ['three events must lie within the timeframe', { num_events: 3, timeframe: '20s' }, [0, 10_000, 20_000], []],
    ['events a millisecond closer do', { num_events: 3, timeframe: '20s' }, [1, 10_000, 20_000], ['new 20', 'over 320']],
    ['holds on until keep_firing_for after the last event', {}, [0, 200_000, 400_000], ['new 0', 'over 700']],
    ['an event just within keep_firing_for prolongs it', {}, [0, 299_999], ['new 0', 'over 599.999']],
    ['an event exactly at its end comes after it, and is no longer new', {}, [0, 300_000], ['new 0', 'over 300']],
    ['is known afterwards', {}, [0, 1_000_000, 2_000_000], ['new 0', 'over 300']],
    ['is still known at the end of the look-back', { look_back: '1h' }, [0, hour], ['new 0', 'over 300']],
    ['is new again after the look-back', { look_back: '1h' }, [0, hour + 1], ['new 0', 'over 300', 'new 3600.001', 'over 3900.001']],
    ['the look-back counts from the newest event', { look_back: '1h' }, [0, hour - 1_000, 2 * hour - 2_000], ['new 0', 'over 300']],
  ])('%s', (_, setting, times, told) => {
    expect(seen(setting, times)).toEqual(told)
  }) // prettier-ignore

  test('what a scope sees while it learns is known to it', () => {
    const rule = instanceOf('new_signature', { learn: '15m' }, { query: 'a:b' })
    const at = (time: number, scopeSince: number) =>
      walk(rule, exactPanes([time, time + hour], 1_000), day, { scopeSince }).observations.length
    expect(at(899_999, 0)).toBe(0)
    expect(at(900_000, 0)).toBe(2)
    expect(at(900_000, 1_000)).toBe(0)
    expect(at(900_000, Infinity)).toBe(0)
  })

  test('a series is forgotten when its signature would be new again', () => {
    const rule = instanceOf('new_signature', { look_back: '1h' }, { query: 'a:b' })
    expect(walk(rule, exactPanes([0], 1_000), hour).idle).toBe(false)
    expect(walk(rule, exactPanes([0], 1_000), hour + 1_000).idle).toBe(true)
  })

  test('says the same whatever the panes', () => {
    const times = fc.array(fc.oneof(fc.nat(60_000), fc.nat(60).map((second) => second * 1_000)), {
      maxLength: 20,
    }) // prettier-ignore
    fc.assert(
      fc.property(times, fc.constantFrom(2_000, 7_000, 60_000), (list, paneMs) => {
        const options = { num_events: 2, timeframe: '5s', look_back: '20s', learn: 0 }
        const rule = instanceOf('new_signature', options, { query: 'a:b', keepFiringMs: 4_000 })
        const wide = { ...rule, inputs: { ...rule.inputs, paneMs } }
        const fine = walk(rule, exactPanes(list, 1_000), hour)
        expect(walk(wide, exactPanes(list, paneMs), hour).observations).toEqual(fine.observations)
      }),
    )
  })
})
