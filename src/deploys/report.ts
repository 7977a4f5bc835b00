/** A deploy as somebody reports it (API, command line, NDJSON) → a checked Deploy.
 *  Merging reports that mean the same deploy is left to tracker.ts. Unknown fields are refused:
 *  a misspelt `env` would otherwise put a deploy quietly into the wrong environment. */
import { z } from 'zod'
import { isoTime } from '../flow/time.ts'
import { shortHash } from '../model/alert.ts'
import { normalSha, shaPattern, type Deploy } from '../model/deploy.ts'
import { ReportFaults } from '../model/report-faults.ts'

const shaAdvice =
  'give 4 to 64 characters of letters, digits and . _ + -, beginning with a letter or digit'
const timeAdvice = 'give RFC 3339 with a zone, such as 2026-11-23T14:02:11Z, or epoch seconds'

/** How far the clock of a reporter may be ahead, ms. A deploy that has yet to start would be the
 *  newest one for as long, and hide every push before it. */
export const aheadMsMax = 300_000
/** What is wrong with a start that lies further ahead. */
export const aheadFault =
  'lies more than 5 minutes ahead: give the time at which the code went out, or set the clock right'

/** Epoch numbers from here on (the year 5138) are milliseconds given by mistake. */
const epochSecondsMax = 100_000_000_000
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/

/** Any accepted form of time → whole seconds as ms since the epoch. */
const time = z
  .union([z.string(), z.number()], { error: timeAdvice })
  .transform((value, context) => {
    const ms = readTime(value)
    if (!Number.isNaN(ms)) return ms
    context.issues.push({ code: 'custom', message: timeAdvice, input: value })
    return z.NEVER
  })

const sha = z
  .string({ error: (issue) => (issue.input == null ? `is missing: ${shaAdvice}` : shaAdvice) })
  .regex(shaPattern, shaAdvice)
  .transform(normalSha)

/** What POST /api/v1/deploys, the command line and NDJSON files may say of a deploy. */
const deployReport = z.strictObject({
  sha,
  previous: sha.nullish(),
  env: text(100).nullish(),
  service: text(200).nullish(),
  by: text(200).nullish(),
  url: z
    .string({ error: 'give a text' })
    .max(2_000, 'give at most 2000 characters')
    .regex(/^https?:\/\/[^\s/]/i, 'give an address that begins with http:// or https://')
    .nullish(),
  start: time.nullish(),
  end: time.nullish(),
  kind: z.enum(['push', 'rollback', 'config'], 'give push, rollback or config').nullish(),
  status: z.enum(['running', 'done', 'failed'], 'give running, done or failed').nullish(),
  id: z
    .string({ error: 'give a text' })
    .regex(/^[0-9A-Za-z._:-]{1,100}$/, 'give 1 to 100 letters, digits and . _ : -')
    .nullish(),
})

const reporting = new ReportFaults({
  code: 'DEPLOY_INVALID',
  name: 'deploy report',
  thing: 'a deploy',
  fields: Object.keys(deployReport.shape),
  least: 'give an object with at least a sha',
})

/**
 * Checks one report and fills in what it leaves out: `start` is now (or `end`, if that is earlier),
 * `status` done, `kind` push; a deploy that is not running and names no end ended at its start.
 * @param nowMs ms since the epoch; null where a report must bring its own time, as in a file that
 *   is replayed.
 * @throws LastpushError DEPLOY_INVALID that names each field at fault and what to give instead.
 */
export function readReport(
  report: unknown,
  defaults: { readonly env: string },
  nowMs: number | null,
): Deploy {
  const read = deployReport.safeParse(report)
  if (!read.success) throw reporting.error(reporting.faultsOf(read.error.issues))
  const given = read.data
  const end = given.end ?? null
  const start = given.start ?? (nowMs === null ? null : wholeSecond(Math.min(nowMs, end ?? nowMs)))
  if (start === null) throw reporting.error([reporting.fault('start', `is missing: ${timeAdvice}`)])
  if (nowMs !== null && start > nowMs + aheadMsMax)
    throw reporting.error([reporting.fault('start', aheadFault)])
  if (end !== null && end < start) {
    throw reporting.error([
      reporting.fault('end', 'lies before start: give a later time, or leave it out'),
    ])
  }
  const status = given.status ?? 'done'
  if (status === 'running' && end !== null) {
    throw reporting.error([
      reporting.fault('status', 'is running though there is an end: leave one of them out'),
    ])
  }
  const env = given.env ?? defaults.env
  const service = given.service ?? null
  return {
    id: given.id ?? deployId(env, service, start, given.sha),
    sha: given.sha,
    previous: given.previous ?? null,
    env,
    service,
    by: given.by ?? null,
    url: given.url ?? null,
    start: isoTime(start),
    end: status === 'running' ? null : isoTime(end ?? start),
    kind: given.kind ?? 'push',
    status,
  }
}

/** The id of a deploy that was given none: the same report has the same one, whoever brings it.
 *  @param startMs Whole second, as ms since the epoch. */
export function deployId(
  env: string,
  service: string | null,
  startMs: number,
  shaOf: string,
): string {
  return shortHash([env, service ?? '', String(startMs / 1_000), shaOf])
}

function text(charactersMax: number) {
  return z
    .string({ error: 'give a text' })
    .trim()
    .min(1, 'is empty: give a text, or leave it out')
    .max(charactersMax, `give at most ${charactersMax} characters`)
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'give a text without control characters')
}

function readTime(value: string | number): number {
  if (typeof value === 'string' && !/^\d{1,12}(\.\d{1,9})?$/.test(value)) {
    return rfc3339.test(value) ? wholeSecond(Date.parse(value.replace(' ', 'T'))) : NaN
  }
  const seconds = Number(value)
  return seconds >= 0 && seconds < epochSecondsMax ? Math.floor(seconds) * 1_000 : NaN
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000
}
