/** Share of matching events among all events of a sliding window, judged at each pane's end.
 *  The limits are strict, as in ElastAlert 2. Below `min_denominator` nothing can be shown, so the
 *  condition does not hold; with no event at all there is nothing to judge and the alert keeps its
 *  state (silence of a source is not recovery). */
import { z } from 'zod'
import { LastpushError } from '../model/errors.ts'
import { positiveDuration, queryText } from '../query/schema.ts'
import { everything, type Query } from '../query/query.ts'
import { paneWidth } from '../windows/panes.ts'
import { ruleType, type Inputs, type Observation, type RuleInstance, type Step } from './rule.ts'

interface Options {
  readonly match_bucket_filter: Query
  readonly timeframe: number
  readonly min_percentage?: number | undefined
  readonly max_percentage?: number | undefined
  readonly min_denominator: number
}

interface State {
  /** [pane end, matching, all], ascending, inside the window. */
  readonly panes: readonly (readonly [number, number, number])[]
}

export const percentageMatch = ruleType({
  kind: 'percentage_match',
  doc: 'The share of events that match `match_bucket_filter` among those of `query` leaves its limits.',
  example:
    'type: percentage_match\nquery: status:*\nmatch_bucket_filter: status:[500 TO 599]\nmax_percentage: 5\nmin_denominator: 100\ntimeframe: 5m',
  options: z.strictObject({
    match_bucket_filter: queryText,
    timeframe: positiveDuration.default(300_000),
    min_percentage: z.number().min(0).max(100).optional(),
    max_percentage: z.number().min(0).max(100).optional(),
    min_denominator: z.int().min(1).default(1),
  }),
  create: (given, common): RuleInstance<unknown> => {
    assertLimits(given)
    return {
      inputs: {
        queries: [within(common.query, given.match_bucket_filter), common.query ?? everything],
        exact: false,
        history: false,
        paneMs: paneWidth(given.timeframe),
        windowMs: given.timeframe,
      },
      summary: '{value} % of {denominator} events within {window}',
      start: (): State => ({ panes: [] }),
      step: (state, inputs, at) => step(state as State, inputs, at, given),
    }
  },
})

/** Every share is outside of limits that cross, so that such a rule would always fire. */
function assertLimits({ min_percentage: min, max_percentage: max }: Options): void {
  if (min === undefined && max === undefined) {
    throw new LastpushError('CONFIG_INVALID', 'needs max_percentage or min_percentage')
  }
  if (min === undefined || max === undefined || min <= max) return
  const message = `${min} is above max_percentage, ${max}: every share would be outside`
  const faults = [{ place: { file: '', field: 'min_percentage' }, message }]
  throw new LastpushError('CONFIG_INVALID', message, { faults })
}

/** The filter picks among the events of the query, as in ElastAlert 2: no share exceeds 100 %. */
function within(query: Query | null, filter: Query): Query {
  return query === null ? filter : { kind: 'and', parts: [query, filter] }
}

function step(state: State, inputs: Inputs, at: number, given: Options): Step<State> {
  const [matching = 0, all = 0] = inputs.counts
  const panes = state.panes.filter(([end]) => end > at - given.timeframe)
  if (all > 0) panes.push([at, matching, all])
  const total = panes.reduce((sum, [, , n]) => sum + n, 0)
  const oldest = panes[0]?.[0]
  return {
    state: { panes },
    observations: [
      judge(
        panes.reduce((sum, [, n]) => sum + n, 0),
        total,
        at,
        given,
      ),
    ],
    wakeAt: oldest === undefined ? null : oldest + given.timeframe,
    idle: panes.length === 0,
  }
}

function judge(matching: number, total: number, at: number, given: Options): Observation {
  const { min_percentage: min, max_percentage: max } = given
  if (total === 0) return { at, holds: false, value: null, threshold: max ?? min ?? null, nodata: true } // prettier-ignore
  const share = (100 * matching) / total
  const below = min !== undefined && share < min
  const above = max !== undefined && share > max
  // The limit that was left; inside of both, the one that people give first.
  const threshold = (below ? min : (max ?? min)) ?? null
  return {
    at,
    holds: total >= given.min_denominator && (below || above),
    value: Math.round(share * 100) / 100,
    threshold,
    facts: { denominator: String(total), matching: String(matching) },
  }
}
