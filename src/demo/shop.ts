/** The demo's folder: its logs, its configuration, and who writes them. The daemon knows nothing of
 *  this; it reads the files as it would read anybody's. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../flow/time.ts'
import { Traffic, type Health } from './traffic.ts'

const historySeconds = 3_600
/** Requests a second through most of the hour; then the morning's rise to the live rate. */
const quietRate = 20
const riseSeconds = 300
/** Live requests a second; with the PHP lines about 300 lines. */
export const liveRate = 285
const writeEveryMs = 50

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
  readonly config: string
  readonly #traffic = new Traffic(20_110_119)
  readonly #clock: Clock
  /** Requests written since the end of the history. */
  #written = 0
  #liveSince = 0
  health: Health = 'well'

  constructor(clock: Clock, port: number) {
    this.#clock = clock
    this.dir = mkdtempSync(join(tmpdir(), 'lastpush-demo-'))
    this.config = configText(port)
    mkdirSync(join(this.dir, 'logs'))
    writeFileSync(join(this.dir, 'lastpush.yaml'), this.config)
    writeFileSync(join(this.dir, 'deployinator.log'), '')
    this.#append([], [])
  }

  /** One hour up to now, at once, with the pushes of a quiet morning. */
  writeHistory(pushes: readonly Push[]): void {
    const now = Math.floor(this.#clock.now() / 1_000)
    this.#liveSince = now * 1_000
    const access: string[] = []
    const php: string[] = []
    for (let second = now - historySeconds; second < now; second++) {
      const lines = this.#traffic.requests(historyRate(now - second), second, 'well')
      access.push(...lines.access)
      php.push(...lines.php)
    }
    this.#append(access, php)
    for (const push of pushes) this.logPush(push)
  }

  /** Appends a push to the followed deploy log, as Deployinator does at its end. */
  logPush(push: Push): void {
    appendFileSync(join(this.dir, 'deployinator.log'), `${deployinatorLine(push)}\n`)
  }

  /** Writes live traffic from the end of the history until the signal aborts. A slow machine catches
   *  up: every second gets its lines, under its own time. */
  async live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(writeEveryMs, signal)
      const now = this.#clock.now()
      const due = Math.floor(((now - this.#liveSince) / 1_000) * liveRate)
      while (this.#written < due) {
        const second = Math.floor((this.#liveSince + (this.#written / liveRate) * 1_000) / 1_000)
        const next = Math.ceil(((second + 1) * 1_000 - this.#liveSince) * (liveRate / 1_000))
        const count = Math.max(1, Math.min(due, next) - this.#written)
        const lines = this.#traffic.requests(count, second, this.health)
        this.#append(lines.access, lines.php)
        this.#written += count
      }
    }
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true })
  }

  #append(access: readonly string[], php: readonly string[]): void {
    appendFileSync(join(this.dir, 'logs/access.log'), access.map((line) => `${line}\n`).join(''))
    appendFileSync(join(this.dir, 'logs/php_error.log'), php.map((line) => `${line}\n`).join(''))
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
http: { port: ${port} }
store: { path: data }
`
}
