/** Option types of the YAML that users write: durations and queries, for the schemas of sources,
 *  rules, receivers and configuration. Their faults are whole sentences; catalog/yaml.ts adds file
 *  and line. */
import { z } from 'zod'
import { parseDuration } from '../flow/time.ts'
import { LastpushError } from '../model/errors.ts'
import { parseQuery, type Query } from './query.ts'

/** "5m", "1h30m" or a number of seconds → ms. */
export const duration = z
  .custom<string | number>((input) => !Number.isNaN(durationMs(input)), {
    error: ({ input }) =>
      input === undefined
        ? 'is missing; expected a duration such as "5m"'
        : `expected a duration such as "5m", got ${JSON.stringify(input)}`,
  })
  .transform(durationMs)

/** A duration of some length: nothing fits into none. */
export const positiveDuration = duration.refine((ms) => ms > 0, {
  error: 'expected a duration of more than nothing, such as "5m"',
})

/** A query in Lucene syntax → its tree. The issue of a fault carries the column in the query as
 *  `params.column`, so that the reader of a file can point at the very character. */
export const queryText = z.string().transform((text, context): Query => {
  try {
    return parseQuery(text)
  } catch (error) {
    if (!(error instanceof LastpushError)) throw error
    const [fault] = error.faults
    const column = fault?.place.column
    const message = fault === undefined ? error.message : `column ${column}: ${fault.message}`
    context.addIssue({ code: 'custom', message, params: { column } })
    return z.NEVER
  }
})

/** ms of a duration as users write it; NaN when it is none. */
function durationMs(input: unknown): number {
  if (typeof input === 'string') return parseDuration(input) ?? NaN
  return typeof input === 'number' && input >= 0 && input < Infinity ? input * 1_000 : NaN
}
