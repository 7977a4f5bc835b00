/** The demo's folder: its logs, its configuration, and who writes them. The daemon knows nothing of
 *  this; it reads the files as it would read anybody's. */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../flow/time.ts'
import { LastpushError } from '../model/errors.ts'
import { Pace } from './pace.ts'
import { Traffic, type Health } from './traffic.ts'

const historySeconds = 3_600
/** Requests a second through most of the hour; then the morning's rise to the live rate. */
const quietRate = 20
const riseSeconds = 300
/** Live requests a second; with the PHP lines about 300 lines. */
const liveRate = 285
const writeEveryMs = 50
/** A log of this size is renamed to `.1`, as logrotate would, so that a demo that is left alone
 *  fills no disk: at most twice this for each of the two logs. */
const logBytesMax = 64 * 1_024 * 1_024
const seed = 20_110_119

/** A push as Deployinator logs it. */
export interface Push {
  readonly sha: string
  readonly previous: string
  readonly by: string
  /** s since the epoch. */
  readonly start: number
  readonly end: number
}

export class Shop {
  readonly dir: string
  readonly configPath: string
  readonly #traffic = new Traffic(seed)
  readonly #clock: Clock
  readonly #logBytesMax: number
  readonly #bytes = new Map<string, number>()
  /** ms; the live traffic joins on here. */
  #historyEnd: number
  health: Health = 'well'

  /** Makes the folder, with empty logs. @throws LastpushError STORY_FAILED when it cannot. */
  constructor(clock: Clock, bytesMax = logBytesMax) {
    this.#clock = clock
    this.#logBytesMax = bytesMax
    this.#historyEnd = clock.now()
    this.dir = writing(() => mkdtempSync(join(tmpdir(), 'lastpush-demo-')))
    this.configPath = join(this.dir, 'lastpush.yaml')
    writing(() => {
      mkdirSync(join(this.dir, 'logs'))
      writeFileSync(join(this.dir, 'deployinator.log'), '')
    })
    this.#append('access.log', [])
    this.#append('php_error.log', [])
  }

  /** Writes the configuration of a daemon on this folder. @returns Its text. */
  configure(port: number): string {
    const text = configText(port)
    writing(() => writeFileSync(this.configPath, text))
    return text
  }

  /** One hour up to now, at once, with the pushes of a quiet morning. */
  writeHistory(pushes: readonly Push[]): void {
    const now = Math.floor(this.#clock.now() / 1_000)
    this.#historyEnd = now * 1_000
    const access: string[] = []
    const php: string[] = []
    for (let second = now - historySeconds; second < now; second++) {
      const lines = this.#traffic.requests(historyRate(now - second), second, 'well')
      access.push(...lines.access)
      php.push(...lines.php)
    }
    this.#append('access.log', access)
    this.#append('php_error.log', php)
    for (const push of pushes) this.logPush(push)
  }

  /** Appends a push to the followed deploy log, as Deployinator does at its end. */
  logPush(push: Push): void {
    writing(() => {
      appendFileSync(join(this.dir, 'deployinator.log'), `${deployinatorLine(push)}\n`)
    })
  }

  /** Writes live traffic from the end of the history until the signal aborts.
   *  @throws LastpushError STORY_FAILED when a log cannot be written. */
  async live(signal: AbortSignal): Promise<void> {
    const pace = new Pace(this.#historyEnd, liveRate)
    while (!signal.aborted) {
      for (const { second, count } of pace.due(this.#clock.now())) {
        const { access, php } = this.#traffic.requests(count, second, this.health)
        this.#append('access.log', access)
        this.#append('php_error.log', php)
      }
      await this.#clock.sleep(writeEveryMs, signal)
    }
  }

  /** Removes the folder with all that is in it; may be called twice. */
  remove(): void {
    rmSync(this.dir, { recursive: true, force: true })
  }

  #append(name: string, lines: readonly string[]): void {
    const path = join(this.dir, 'logs', name)
    const text = lines.map((line) => `${line}\n`).join('')
    const before = this.#bytes.get(name) ?? 0
    writing(() => {
      if (before > this.#logBytesMax) renameSync(path, `${path}.1`)
      appendFileSync(path, text)
    })
    this.#bytes.set(name, (before > this.#logBytesMax ? 0 : before) + Buffer.byteLength(text))
  }
}

/** Requests in a second of the history. @param ago Seconds before its end. */
function historyRate(ago: number): number {
  if (ago > riseSeconds) return quietRate
  return Math.round(quietRate * (liveRate / quietRate) ** (1 - ago / riseSeconds))
}

/** `TS|ENV|WHO|MSG|STACK|RUN_LOG`; TS is the end in UTC, RUN_LOG begins with the start. */
export function deployinatorLine({ sha, previous, by, start, end }: Push): string {
  const ts = new Date(end * 1_000).toISOString().slice(0, 19).replace('T', ' ')
  const message = `web production deploy: old ${previous}, new: ${sha}`
  return `${ts}|PROD|${by}|${message}|web|${start}-${by}-web_production.html`
}

/** Says of a failed write what the person can do about it. */
function writing<T>(write: () => T): T {
  try {
    return write()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const message = `the demo cannot write its logs: ${why}; TMPDIR chooses another place for them`
    throw new LastpushError('STORY_FAILED', message, { cause })
  }
}

function configText(port: number): string {
  return `# What the demo runs on; yours would look the same.
sources:
  - { name: access, file: { paths: [logs/access.log], from: beginning }, service: web }
  - { name: php, file: { paths: [logs/php_error.log], from: beginning }, service: web }
services:
  web: { exposure: access }
deploys:
  - { log: deployinator.log }
lateness: 2s
keep_firing_for: 10s
receivers:
  screen: { console: {} }
route: { receiver: screen, group_by: [deploy], group_wait: 3s }
http: { port: ${port} }
store: { path: data }
`
}
