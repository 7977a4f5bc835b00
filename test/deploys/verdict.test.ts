import { describe, expect, test } from 'vitest'
import { buildVerdict, type VerdictInput, type VerdictSeries } from '../../src/deploys/verdict.ts'
import type { VerdictSource } from '../../src/model/verdict.ts'
import { deployOf, minute } from './deploy-of.ts'

const deploy = deployOf('v2.0', 0)

/** A series with counts in the hour before and in `minutes` after. */
function series(
  id: string,
  before: number,
  after: number,
  rest: Partial<VerdictSeries> & { minutes?: number } = {},
): VerdictSeries {
  const { minutes = 10, ...given } = rest
  const tens = new Array<number>(360).fill(before / 360)
  return {
    kind: 'signature',
    id,
    template: null,
    sample: null,
    firstSeen: before > 0 ? minute(-50) : minute(1),
    before: { count: before, exposure: 3_600, seconds: 3_600 },
    after: { count: after, exposure: minutes * 60, seconds: minutes * 60 },
    tens,
    ...given,
  }
}

function verdictOf(all: readonly VerdictSeries[], rest: Partial<VerdictInput> = {}) {
  const input: VerdictInput = {
    ...{ deploy, at: minute(10), supersededAt: null, series: all },
    ...{ sources: [], inherited: new Set<string>() },
    ...rest,
  }
  return buildVerdict(input)
}

/** `id: class (reason)` of each item, in order. */
function classes(all: readonly VerdictSeries[], rest: Partial<VerdictInput> = {}): string[] {
  return verdictOf(all, rest).items.map(
    ({ id, class: of, reason }) => `${id}: ${of}${reason === null ? '' : ` (${reason})`}`,
  )
}

const source = (name: string, state: VerdictSource['state']): VerdictSource => ({
  ...{ name, state, lagSeconds: null },
})

describe('buildVerdict', () => {
  test('sorts by surprise and gives every class its place', () => {
    const all = [
      series('same', 1_200, 200),
      series('worse', 60, 40),
      series('sparse', 3, 1),
      series('better', 1_200, 100),
      series('fixed', 300, 0),
      series('much worse', 60, 90),
      series('new', 0, 20),
      series('once', 0, 1),
    ]
    expect(classes(all)).toEqual([
      'new: new',
      'much worse: worse',
      'worse: worse',
      'fixed: fixed',
      'better: better',
      'once: undecided (seen once)',
      'sparse: undecided (too early)',
      'same: same',
    ])
  })

  test('gives counts, ratio, interval, evidence and the first time', () => {
    const [item] = verdictOf([series('a', 600, 20, { minutes: 1, template: 'boom <n>' })]).items
    expect(item).toMatchObject({
      ...{ kind: 'signature', id: 'a', template: 'boom <n>', ratio: 2 },
      before: { count: 600, exposure: 3_600, seconds: 3_600 },
      firstSeen: '2026-11-23T11:10:00.000Z',
    })
    expect(item?.interval?.[0]).toBeCloseTo(1.2128, 4)
    expect(item?.interval?.[1]).toBeCloseTo(3.1168, 4)
    expect(item?.evidence).toBeCloseTo(11.1232, 4)
  })

  test('all signatures without a past share one hypothesis', () => {
    // Ten minutes in, 4 events are E = 70: above 1 / 0.05, but not above 10 / 0.05.
    const four = series('a', 0, 4)
    expect(classes([four])).toEqual(['a: new'])
    const known = Array.from({ length: 9 }, (_, index) => series(`k${index}`, 360, 60))
    expect(classes([four, ...known])).toContain('a: undecided (too early)')
    const many = Array.from({ length: 50 }, (_, index) => series(`u${index}`, 0, 1))
    expect(classes([...many, four, ...known])[0]).toBe('a: new')
  })

  test('what was seen long before, though not in the baseline, is worse and not new', () => {
    expect(classes([series('a', 0, 20, { firstSeen: minute(-600) })])).toEqual(['a: worse'])
  })

  test('a rare old error that comes again is not called anything yet', () => {
    expect(classes([series('a', 1, 1, { minutes: 5 })])).toEqual(['a: undecided (too early)'])
  })

  test('scales bursts: the same counts are no evidence when they always came at once', () => {
    const tens = new Array<number>(360).fill(0).fill(20, 0, 3)
    expect(classes([series('a', 60, 40)])).toEqual(['a: worse'])
    expect(classes([series('a', 60, 40, { tens })])).toEqual(['a: undecided (too early)'])
  })

  test('measures against requests where that is the exposure', () => {
    const stretch = (count: number, exposure: number, seconds: number) => ({
      count,
      exposure,
      seconds,
    })
    const grown = series('a', 0, 0, {
      before: stretch(1_000, 100_000, 3_600),
      after: stretch(1_000, 100_000, 600),
      firstSeen: minute(-50),
      tens: new Array<number>(360).fill(1_000 / 360),
    })
    expect(classes([grown])).toEqual(['a: same'])
  })

  test('a firing alert of an earlier deploy makes an item inherited, unless it is mended', () => {
    const inherited = new Set(['signature a', 'signature b', 'signature c'])
    const all = [series('a', 600, 300), series('b', 1_200, 200), series('c', 600, 0)]
    expect(classes(all, { inherited })).toEqual([
      'c: fixed',
      'a: undecided (inherited)',
      'b: undecided (inherited)',
    ])
  })

  test('silence of a source that cannot be read is no recovery; of an idle one it is', () => {
    const all = [series('a', 600, 0, { sources: ['php'] })]
    const web = source('web', 'live')
    expect(classes(all, { sources: [web, source('php', 'blind')] })).toEqual([
      'a: undecided (blind)',
    ])
    expect(classes(all, { sources: [web, source('php', 'idle')] })).toEqual(['a: fixed'])
  })

  test('what was seen before all sources were lost stays seen', () => {
    const all = [series('a', 60, 90), series('b', 1_200, 200), series('n', 0, 20)]
    expect(classes(all, { sources: [source('web', 'blind')] })).toEqual([
      'n: new',
      'a: worse',
      'b: undecided (blind)',
    ])
  })

  test('only errors are judged among statuses and levels', () => {
    const all = [
      series('500', 60, 90, { kind: 'status' }),
      series('404', 60, 90, { kind: 'status' }),
      series('503', 0, 20, { kind: 'status' }),
      series('200', 600, 900, { kind: 'status' }),
      series('301', 1_200, 200, { kind: 'status' }),
      series('warn', 600, 0, { kind: 'level' }),
      series('info', 600, 0, { kind: 'level' }),
      series('', 6_000, 200, { kind: 'requests' }),
    ]
    expect(classes(all)).toEqual([
      '503: new',
      '404: worse',
      '500: worse',
      'warn: fixed',
      '200: undecided',
      ': undecided',
      'info: undecided',
      '301: same',
    ])
  })

  test('decides nothing without a baseline', () => {
    const none = { count: 0, exposure: 0, seconds: 0 }
    const first = series('a', 0, 50, { before: none, tens: [] })
    expect(classes([first])).toEqual(['a: undecided (too early)'])
  })

  test('is early for two minutes or until a hundred requests, final after an hour or a deploy', () => {
    const state = (minutes: number, requests: number, supersededAt: number | null = null) =>
      verdictOf([series('', 600, requests, { kind: 'requests' })], {
        at: minute(minutes),
        supersededAt,
      }).state
    expect([state(1, 99), state(1, 100), state(2, 0)]).toEqual(['early', 'open', 'open'])
    expect([state(59, 0), state(60, 0), state(5, 0, minute(5)), state(5, 0, minute(6))]).toEqual([
      'open',
      'final',
      'final',
      'open',
    ])
  })

  test('says nothing of a deploy that nobody knows', () => {
    expect(verdictOf([series('a', 60, 90)], { deploy: null })).toEqual({
      ...{ deploy: null, state: 'open', sources: [], items: [] },
    })
  })

  test('is plain JSON, whatever the counts', () => {
    const huge = series('a', 1_000_000_000, 900_000_000)
    const verdict = verdictOf([huge, series('b', 0, 1_000_000_000)])
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict)
  })
})
