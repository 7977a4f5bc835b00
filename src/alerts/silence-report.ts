/** A silence as somebody asks for it (API, command line) → a checked Silence. Unknown fields are
 *  refused: a misspelt `ends` would otherwise mute for the usual time without a word. */
import { z } from 'zod'
import { isoTime, parseDuration, parseIsoTime } from '../flow/time.ts'
import { shortHash } from '../model/alert.ts'
import type { Fault } from '../model/errors.ts'
import { ReportFaults } from '../model/report-faults.ts'
import type { Silence } from '../model/silence.ts'
import { parseQuery } from '../query/query.ts'

/** The longest silence: what is muted for longer should be a changed rule or route, ms. */
const lengthMsMax = 90 * 86_400_000

const timeAdvice = 'give RFC 3339 with a zone, such as 2026-11-23T14:02:11Z'
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$/

const time = z
  .string({ error: timeAdvice })
  .regex(rfc3339, timeAdvice)
  .transform((text) => parseIsoTime(text.replace(' ', 'T')))
  .refine((ms) => !Number.isNaN(ms), timeAdvice)

const length = z
  .string({ error: 'give a duration such as 30m, 2h or 1d' })
  .transform((text) => parseDuration(text) ?? NaN)
  .refine((ms) => ms > 0, 'give a duration such as 30m, 2h or 1d')

const text = (charactersMax: number, missing: string) =>
  z
    .string({ error: missing })
    .trim()
    .min(1, missing)
    .max(charactersMax, `give at most ${charactersMax} characters`)
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'give a text without control characters')

/** What POST /api/v1/silences and the command line may say. */
const silenceReport = z.strictObject({
  query: text(4_000, 'say which alerts, such as service:web AND severity:page'),
  comment: text(1_000, 'say why, for the colleague who wonders at night'),
  by: text(200, 'say who asks for it'),
  startsAt: time.nullish(),
  endsAt: time.nullish(),
  for: length.nullish(),
})

const reporting = new ReportFaults({
  code: 'SILENCE_INVALID',
  name: 'silence',
  thing: 'a silence',
  fields: Object.keys(silenceReport.shape),
  least: 'give an object with query, comment, by and for',
})

/**
 * Checks what was asked and fills in what it leaves out: it starts now.
 * @param nowMs ms since the epoch.
 * @throws LastpushError SILENCE_INVALID that names each field at fault and what to give instead.
 */
export function readSilence(report: unknown, nowMs: number): Silence {
  const read = silenceReport.safeParse(report)
  if (!read.success) throw reporting.error(reporting.faultsOf(read.error.issues))
  const { query, comment, by, startsAt, endsAt, for: lengthMs } = read.data
  const from = startsAt ?? nowMs
  if ((endsAt == null) === (lengthMs == null)) {
    throw reporting.error([
      reporting.fault('endsAt', 'give either endsAt or for: a silence always ends'),
    ])
  }
  const to = endsAt ?? from + (lengthMs ?? 0)
  const faults = [...faultsOfQuery(query), ...faultsOfTimes(from, to, nowMs)]
  if (faults.length > 0) throw reporting.error(faults)
  const times = [isoTime(from), isoTime(to)] as const
  return {
    id: shortHash([query, by, comment, ...times, isoTime(nowMs)]).slice(0, 8),
    query,
    startsAt: times[0],
    endsAt: times[1],
    by,
    comment,
  }
}

function faultsOfQuery(query: string): Fault[] {
  try {
    parseQuery(query)
    return []
  } catch (error) {
    return [reporting.fault('query', error instanceof Error ? error.message : String(error))]
  }
}

function faultsOfTimes(from: number, to: number, nowMs: number): Fault[] {
  if (to <= from) return [reporting.fault('endsAt', 'lies before the start: give a later time')]
  if (to <= nowMs) return [reporting.fault('endsAt', 'is over already: give a later time')]
  if (to - from > lengthMsMax)
    return [reporting.fault('endsAt', 'lies more than 90 days after the start')]
  return []
}
