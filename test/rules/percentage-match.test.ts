import { describe, expect, test } from 'vitest'
import { LastpushError } from '../../src/model/errors.ts'
import { ConstantColumn, rowKind, type Columns } from '../../src/model/columns.ts'
import { bindQuery } from '../../src/query/match.ts'
import { ruleCases, walk } from '../contract/rule.ts'
import { faultsOf, instanceOf } from './rule-of.ts'

const filter = { match_bucket_filter: 'status:[500 TO 599]', timeframe: '1m' }

/** [matching, all] of panes of 2 s, from the first on. */
function seen(options: Record<string, unknown>, panes: readonly [number, number][], until = 2) {
  const rule = instanceOf('percentage_match', { ...filter, ...options }, { query: 'status:*' })
  expect(rule.inputs.paneMs).toBe(2_000)
  const given = panes.map(([matching, all], index) => ({
    at: (index + 1) * 2_000,
    inputs: { counts: [matching, all] },
  }))
  return walk(rule, given, until * 1_000).observations
}

describe('percentage_match', () => {
  ruleCases('percentage_match', instanceOf('percentage_match', { ...filter, max_percentage: 5 }))

  test.each([
    ['the limit itself is still good', { max_percentage: 5 }, [5, 100], false],
    ['above the limit is bad', { max_percentage: 5 }, [6, 100], true],
    ['the lower limit itself is still good', { min_percentage: 5 }, [5, 100], false],
    ['below the lower limit is bad', { min_percentage: 5 }, [4, 100], true],
    ['between both limits is good', { min_percentage: 5, max_percentage: 10 }, [7, 100], false],
    ['outside of both is bad below', { min_percentage: 5, max_percentage: 10 }, [1, 100], true],
    ['outside of both is bad above', { min_percentage: 5, max_percentage: 10 }, [11, 100], true],
    ['too few events show nothing', { max_percentage: 5, min_denominator: 101 }, [50, 100], false],
    ['just enough do', { max_percentage: 5, min_denominator: 100 }, [50, 100], true],
    ['everything may be bad', { max_percentage: 99 }, [100, 100], true],
    ['a limit of 100 cannot be exceeded', { max_percentage: 100 }, [100, 100], false],
  ] as [string, Record<string, number>, [number, number], boolean][])(
    '%s',
    (_, options, pane, holds) => {
      expect(seen(options, [pane]).map((each) => each.holds)).toEqual([holds])
    },
  )

  test('tells share, limit and what they come from', () => {
    expect(seen({ max_percentage: 5 }, [[2, 3]])).toEqual([
      {
        at: 2_000,
        holds: true,
        value: 66.67,
        threshold: 5,
        facts: { denominator: '3', matching: '2' },
      },
    ])
  })

  test.each([
    ['below', [1, 100], 5],
    ['above', [11, 100], 10],
  ] as [string, [number, number], number][])(
    'gives the limit that was left %s',
    (_, pane, limit) => {
      const both = { min_percentage: 5, max_percentage: 10 }
      expect(seen(both, [pane]).map(({ threshold }) => threshold)).toEqual([limit])
    },
  )

  test('refuses limits that every share is outside of, at their line', () => {
    const limits = (min: number, max: number) =>
      ['name: r', 'type: percentage_match', 'match_bucket_filter: status:500', `max_percentage: ${max}`, `min_percentage: ${min}`].join('\n') // prettier-ignore
    expect(faultsOf(limits(30, 20))).toEqual([
      'rule.yaml:5:17: min_percentage: 30 is above max_percentage, 20: every share would be outside',
    ])
    expect(faultsOf(limits(20, 20))).toEqual([])
  })

  test('slides: a pane leaves the window a timeframe after it came', () => {
    const shares = seen({ max_percentage: 50 }, [[10, 10], [0, 5], [0, 15]], 66).map(
      ({ at, value, holds }) => [at / 1_000, value, holds],
    ) // prettier-ignore
    expect(shares).toEqual([
      [2, 100, true],
      [4, 66.67, true],
      [6, 33.33, false],
      [62, 0, false],
      [64, 0, false],
      [66, null, false],
    ])
  })

  test('has nothing to judge by when the window is empty, which is no recovery', () => {
    const last = seen({ max_percentage: 5 }, [[6, 100]], 62).at(-1)
    expect(last).toEqual({ at: 62_000, holds: false, value: null, threshold: 5, nodata: true })
  })

  test('picks among the events of its query only, so that no share exceeds 100 %', () => {
    const rule = instanceOf('percentage_match', { ...filter, max_percentage: 5 }, { query: 'vhost:www' }) // prettier-ignore
    const matches = (vhost: string, status: string): boolean[] => {
      const fields = { vhost: new ConstantColumn(vhost), status: new ConstantColumn(status) }
      return rule.inputs.queries.map((query) => bindQuery(query, columnsOf(fields))(0))
    }
    expect(matches('www', '503')).toEqual([true, true])
    expect(matches('www', '200')).toEqual([false, true])
    expect(matches('api', '503')).toEqual([false, false])
  })

  test('needs one of its limits', () => {
    expect(() => instanceOf('percentage_match', filter)).toThrow(LastpushError)
    expect(() => instanceOf('percentage_match', filter)).toThrow(
      'needs max_percentage or min_percentage',
    )
  })
})

function columnsOf(fields: Record<string, ConstantColumn>): Columns {
  return {
    bytes: Buffer.alloc(0),
    rows: 1,
    kind: new Uint8Array([rowKind.event]),
    lineStart: new Int32Array(1),
    lineEnd: new Int32Array(1),
    time: new Float64Array(1),
    fields: new Map(Object.entries(fields)),
    unparsed: () => ({ reason: '', column: 1 }),
  }
}
