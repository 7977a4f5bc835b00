/** Logs of a shop that a push breaks and the next one mends, from a seed: an access log, a PHP error
 *  log with stack traces, and two logs of JSON lines that name their service and SHA. Lines come out
 *  of order, some too late, some are no lines of their format at all. */
import { isoTime } from '../../src/flow/time.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { Rule } from '../../src/rules/rule.ts'
import { deployOf } from '../deploys/deploy-of.ts'
import { random } from '../deploys/random.ts'
import { ruleOf } from '../rules/rule-of.ts'
import { t0, type SourceSpec } from './world.ts'

/** Seconds that the logs span. */
const seconds = 1_200

export interface GeneratedLogs {
  readonly sources: readonly SourceSpec[]
  readonly latenessMs: number
  /** Source → its lines, in the order they were written. */
  readonly lines: ReadonlyMap<string, readonly string[]>
  readonly deploys: readonly Deploy[]
}

export const generatedRules: readonly Rule[] = [
  'name: burst\ntype: frequency\nquery: status:[500 TO 599]\nnum_events: 6\ntimeframe: 1m\nkeep_firing_for: 30s',
  'name: client\ntype: frequency\nquery: status:[500 TO 599]\nby: [client]\nnum_events: 4\ntimeframe: 2m\nfor: 20s',
  'name: share\ntype: percentage_match\nquery: status:*\nmatch_bucket_filter: status:[500 TO 599]\nmax_percentage: 10\nmin_denominator: 15\ntimeframe: 1m',
  'name: unseen\ntype: new_signature\nquery: level:(crit OR error)\nnum_events: 2\ntimeframe: 5m\nlearn: 2m\nlook_back: 10m\nkeep_firing_for: 1m',
  'name: worse\ntype: regression',
  'name: everywhere\ntype: frequency\nquery: level:(crit OR error)\nby: []\nnum_events: 8\ntimeframe: 2m',
].map((yaml) => ruleOf(`${yaml}\nsummary: "{value} of {service}: {template} {item}"`))

export function generate(seed: number): GeneratedLogs {
  const uniform = random(seed)
  const latenessMs = [0, 5_000, 30_000][seed % 3] ?? 0
  const pick = <T>(from: readonly T[]): T => from[Math.floor(uniform() * from.length)] as T
  const bad = 500 + Math.floor(uniform() * 200)
  const mended = bad + 150 + Math.floor(uniform() * 150)
  const broken = (at: number) => at >= bad && at < mended
  /** When a line that is written now says that it happened, s. */
  const stamp = (at: number) => at - (uniform() < 0.03 ? uniform() * 90 : uniform() * 20)
  const access: string[] = []
  const php: string[] = []
  const json: string[] = []
  const more: string[] = []
  for (let at = 20; at < seconds; at++) {
    if (uniform() < 0.4) {
      const status =
        uniform() < (broken(at) ? 0.4 : 0.02) ? pick([500, 503]) : pick([200, 200, 404])
      access.push(accessLine(stamp(at), pick(['10.0.0.1', '10.0.0.2', '10.0.0.3']), status))
    }
    if (uniform() < 0.03) php.push(...phpLines(stamp(at), 'Warning', `slow query: ${at} ms`))
    if (uniform() < (broken(at) ? 0.2 : 0.02)) {
      php.push(
        ...phpLines(stamp(at), 'Fatal error', `Uncaught PDOException: gone away after ${at} ms`),
      )
    }
    if (broken(at) && uniform() < 0.05) {
      php.push(...phpLines(stamp(at), 'Parse error', `syntax error, unexpected token ${at}`))
    }
    if (uniform() < 0.02) pick([access, php]).push('what is this')
    if (uniform() < (broken(at) ? 0.2 : 0.05)) {
      pick([json, more]).push(
        jsonLine(stamp(at), pick(['api', 'api', 'mail']), broken(at) && uniform() < 0.5),
      )
    }
  }
  const lines = new Map([
    ['apache_combined', access],
    ['php_error', php],
    ['json', json],
    ['more', more],
  ])
  const sources = [
    { name: 'apache_combined', service: 'web', latenessMs },
    { name: 'php_error', service: 'web', latenessMs },
    { name: 'json', latenessMs },
    { name: 'more', parser: 'json', latenessMs },
  ]
  return { sources, latenessMs, lines, deploys: [deployAt('00d0000', 0), deployAt('bad0000', bad), deployAt('f1c0000', mended)] } // prettier-ignore
}

function deployAt(sha: string, second: number): Deploy {
  const start = isoTime(t0 + second * 1_000)
  return { ...deployOf(sha, 0), id: `d-${sha}`, start, end: start }
}

function wholeSecond(at: number): Date {
  return new Date(t0 + Math.floor(at) * 1_000)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** 23, Nov, 2026 and 12:00:00 of a moment, UTC. */
function parts(at: number): { day: string; month: string; year: string; time: string } {
  const iso = wholeSecond(at).toISOString()
  const month = months[wholeSecond(at).getUTCMonth()] ?? ''
  return { day: iso.slice(8, 10), month, year: iso.slice(0, 4), time: iso.slice(11, 19) }
}

/** @param at Seconds after t0. */
export function accessLine(at: number, client: string, status: number): string {
  const { day, month, year, time } = parts(at)
  return `${client} - - [${day}/${month}/${year}:${time} +0000] "GET /cart HTTP/1.1" ${status} 512 "-" "curl/8"`
}

/** An event of the PHP error log; an uncaught exception brings its stack trace. */
export function phpLines(at: number, level: string, message: string): string[] {
  const { day, month, year, time } = parts(at)
  const head = `[${day}-${month}-${year} ${time} UTC] PHP ${level}:  ${message} in /srv/cart.php`
  if (!message.startsWith('Uncaught')) return [`${head} on line 12`]
  return [`${head}:12`, 'Stack trace:', '#0 /srv/index.php(3): load()', '#1 {main}', '  thrown in /srv/cart.php on line 12'] // prettier-ignore
}

export function jsonLine(at: number, service: string, bad: boolean): string {
  const time = isoTime(Math.floor(t0 + at * 1_000))
  const level = bad ? 'error' : 'info'
  const message = bad ? 'cannot reach cart' : 'all is well'
  return JSON.stringify({ time, service, level, message, ...(bad ? { sha: 'bad0000' } : {}) })
}
