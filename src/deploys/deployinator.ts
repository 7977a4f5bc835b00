/** Lines of Deployinator's log → Deploys: `TS|ENV|WHO|MSG|STACK|RUN_LOG`, written when a push ends.
 *  Following such a file is deploy-log.ts. As liberal as Deployinator's own reader
 *  (etsy/deployinator, lib/deployinator/helpers/view.rb), except that it takes the words "old" and
 *  "new" of the message only where they stand for code: a stack called `news` or free text about
 *  old habits makes no deploy. */
import RE2 from 're2'
import { isoTime } from '../flow/time.ts'
import { normalSha, shaPattern, type Deploy } from '../model/deploy.ts'
import { deployId } from './report.ts'

/** Longer lines are no deploys, characters. */
export const lineCharactersMax = 65_536

const stamp = new RE2(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/)
const canonical = new RE2(/\bold[\s:]*(\w+)\W+new[\s:]*(\w+)/)
const oldSha = new RE2(/old[\s:]*(\w+)/)
const newSha = new RE2(/new[\s:]*(\w+)/)
const announced = new RE2(/deploy:\s*old/)

/**
 * Reads one line.
 * @returns The deploy; null when the line is well-formed but tells of none; else what is wrong with
 *   it, as a sentence.
 */
export function parseDeployinator(line: string): Deploy | string | null {
  if (line.trim() === '') return null
  if (line.length > lineCharactersMax) return `longer than ${lineCharactersMax} characters`
  const fields = line.trimEnd().split('|')
  if (fields.length < 5) return `has ${fields.length} of at least 5 fields separated by |`
  const [ts = '', env = '', who = '', message = '', stack = ''] = fields.map((field) =>
    field.trim(),
  )
  const end = readStamp(ts)
  if (Number.isNaN(end)) return 'does not begin with a time such as 2026-11-23 14:02:11'
  const shas = readShas(unescapeQuotes(message))
  if (shas === null) return null
  const environment = readEnv(env)
  const service = readStack(stack)
  const by = unescapeQuotes(who)
  // RUN_LOG is not cleaned: a `|` in it is its own.
  const start = readStart(fields.slice(5).join('|'), end)
  return {
    id: deployId(environment, service, start, shas.sha),
    ...shas,
    env: environment,
    service,
    by: by === '' || by === 'nobody' ? null : by,
    url: null,
    start: isoTime(start),
    end: isoTime(end),
    kind: 'push',
    status: 'done',
  }
}

/** ms since the epoch, NaN when it is no time; the log is always in UTC. */
function readStamp(ts: string): number {
  const parts = stamp.exec(ts)
  return parts === null ? NaN : Date.parse(`${parts[1]}T${parts[2]}Z`)
}

function readEnv(env: string): string {
  return env === '' || env.toUpperCase() === 'PROD' ? 'production' : env.toLowerCase()
}

/** Deployinator shows lines of the stack `LOG MESSAGE` with every stack. */
function readStack(stack: string): string | null {
  return stack === '' || stack === 'LOG MESSAGE' ? null : stack
}

/** RUN_LOG is `STARTEPOCH-USER-METHOD.html`; a start after the end is a clock that was wrong. */
function readStart(runLog: string, end: number): number {
  const digits = /^\s*(\d{1,11})(?!\d)/.exec(runLog)
  if (digits === null) return end
  const start = Number(digits[1]) * 1_000
  return start > 0 && start <= end ? start : end
}

function readShas(message: string): { sha: string; previous: string | null } | null {
  const pair = canonical.exec(message)
  const old = pair?.[1] ?? oldSha.exec(message)?.[1]
  const sha = pair?.[2] ?? newSha.exec(message)?.[1]
  if (old === undefined || sha === undefined || !shaPattern.test(sha)) return null
  if (!announced.test(message) && !namesCode(sha)) return null
  return { sha: normalSha(sha), previous: shaPattern.test(old) ? normalSha(old) : null }
}

/** Build ids are alphanumeric, not always hex; words of a sentence have no digits. */
function namesCode(word: string): boolean {
  return /\d/.test(word) || /^[0-9a-f]{7,}$/i.test(word)
}

function unescapeQuotes(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&apos;', "'")
}
