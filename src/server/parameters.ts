/** Query parameters of the API: what each endpoint takes, checked. Unknown names, repeated ones and
 *  values out of range are refused with a sentence each, because a parameter that is silently
 *  ignored gives a wrong answer that looks right. */
import { z } from 'zod'
import { parseIsoTime } from '../flow/time.ts'
import { queryCharsMax } from '../query/text.ts'
import { knownKeys } from '../yaml/known-keys.ts'
import { meant } from '../yaml/sentences.ts'
import { readCursor } from './cursor.ts'
import type { EventsQuestion, RatesQuestion } from './view.ts'

const limitMax = 10_000
const eventsMax = 1_000
const nameCharactersMax = 256
const pointsMax = 10_000
const stepSecondsMax = 86_400
/** Points that fit a chart when the question names no step. */
const pointsUsual = 240
const hourMs = 3_600_000

/** A query parameter that does not fit; answered with 400. */
export class ParameterError extends Error {}

const limitUpTo = (most: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, `must be a whole number from 1 to ${most}`)
    .transform(Number)
    .refine((value) => value >= 1 && value <= most, `must be from 1 to ${most}`)
    .optional()
const limit = limitUpTo(limitMax)

const name = z.string().min(1, 'is empty').max(nameCharactersMax).optional()

// A zone is required: a time that means another moment elsewhere makes no shareable address.
const time = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/,
    'must be an RFC 3339 time such as 2026-01-31T12:00:00Z (write + as %2B)',
  )
  .transform(parseIsoTime)
  .refine((ms) => !Number.isNaN(ms), 'is no time of the calendar')
  .optional()

const step = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a whole number of seconds')
  .transform(Number)
  .refine((value) => value >= 1 && value <= stepSecondsMax, `must be from 1 to ${stepSecondsMax}`)
  .optional()

/** For /alerts. */
export const alertsParameters = z.strictObject({
  state: z.enum(['pending', 'firing', 'resolved']).optional(),
  limit,
})

/** For /silences. */
export const silencesParameters = z.strictObject({
  state: z.enum(['scheduled', 'active', 'ended']).optional(),
})

/** For /deploys and /signatures. */
export const listParameters = z.strictObject({ limit })

/** For /since. */
export const sinceParameters = z.strictObject({ deploy: name, service: name, env: name })

/** For endpoints that take none. */
export const noParameters = z.strictObject({})

const ratesParameters = z.strictObject({ from: time, to: time, step, service: name, env: name })

const eventsParameters = z.strictObject({
  q: z.string().max(queryCharsMax).optional(),
  from: time,
  to: time,
  deploy: name,
  service: name,
  env: name,
  limit: limitUpTo(eventsMax),
  before: z
    .string()
    .transform((text, context) => {
      const order = readCursor(text)
      if (order !== null) return order
      context.addIssue({ code: 'custom', message: 'is not what an earlier answer gave as next' })
      return z.NEVER
    })
    .optional(),
})

/** For /events. */
export function eventsQuestion(query: unknown): EventsQuestion {
  const question: EventsQuestion = readParameters(eventsParameters, query)
  const { from, to } = question
  if (from !== undefined && to !== undefined && from >= to) {
    throw new ParameterError('from must be before to')
  }
  return question
}

/** The parameters as the schema gives them, without those that are absent. */
export function readParameters<T extends object>(
  schema: z.ZodType<T>,
  query: unknown,
): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const read = schema.safeParse(query, { error: choiceSentence })
  if (!read.success) throw new ParameterError(read.error.issues.map(sentenceOf(schema)).join('; '))
  const present = Object.entries(read.data).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as { [Name in keyof T]: Exclude<T[Name], undefined> }
}

/** For /rates: the last hour up to `nowMs` and a step that fits a chart, unless told otherwise. */
export function ratesQuestion(query: unknown, nowMs: number): RatesQuestion {
  const { from, to, step: asked, service, env } = ratesDefaults(query, nowMs)
  if (from >= to) throw new ParameterError('from must be before to')
  const seconds = (to - from) / 1_000
  const stepSeconds =
    asked ?? Math.min(Math.max(Math.ceil(seconds / pointsUsual), 1), stepSecondsMax)
  if (seconds / stepSeconds > pointsMax) {
    throw new ParameterError(`from, to and step give more than ${pointsMax} points`)
  }
  return {
    from,
    to,
    stepSeconds,
    ...(service === undefined ? {} : { service }),
    ...(env === undefined ? {} : { env }),
  }
}

function ratesDefaults(query: unknown, nowMs: number) {
  const read: Partial<z.output<typeof ratesParameters>> = readParameters(ratesParameters, query)
  const to = read.to ?? nowMs
  return { ...read, from: read.from ?? to - hourMs, to }
}

function choiceSentence(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_value') return undefined
  return `must be one of ${issue.values.map(String).join(', ')}`
}

/** What is wrong, with the nearest name that the schema knows for one that it does not. */
function sentenceOf(schema: z.ZodType): (issue: z.core.$ZodIssue) => string {
  const unknown = (key: string) => `${JSON.stringify(key)}${meant(key, knownKeys(schema, []))}`
  return ({ path, code, message, ...rest }) => {
    if (code === 'unrecognized_keys' && 'keys' in rest) {
      return `unknown parameter ${rest.keys.map(unknown).join(', ')}`
    }
    return `${path.join('.')} ${code === 'invalid_type' ? 'may be given once' : message}`
  }
}
