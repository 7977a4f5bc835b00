/** The demo's folder, its configuration, and who writes the logs. The daemon knows nothing of this;
 *  it reads them as it would read anybody's. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../flow/time.ts'
import { FileLogs, writing } from './file-logs.ts'
import type { ShopLogs } from './logs.ts'
import { Pace } from './pace.ts'
import { Traffic, type Health } from './traffic.ts'

const historySeconds = 3_600
/** Requests a second through most of the hour; then the morning's rise to the live rate. */
const quietRate = 20
const riseSeconds = 300
/** Live requests a second; with the PHP lines about 300 lines. */
const liveRate = 285
const writeEveryMs = 50
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
  readonly logs: ShopLogs
  readonly #traffic = new Traffic(seed)
  readonly #clock: Clock
  /** ms; the live traffic joins on here. */
  #historyEnd: number
  health: Health = 'well'

  /** Makes the folder. @param logsIn Makes its logs.
   *  @throws LastpushError STORY_FAILED when it cannot. */
  constructor(clock: Clock, logsIn: (dir: string) => ShopLogs = (dir) => new FileLogs(dir)) {
    this.#clock = clock
    this.#historyEnd = clock.now()
    this.dir = writing(() => mkdtempSync(join(tmpdir(), 'lastpush-demo-')))
    this.configPath = join(this.dir, 'lastpush.yaml')
    writing(() => writeFileSync(join(this.dir, 'deployinator.log'), ''))
    this.logs = logsIn(this.dir)
  }

  /** Writes the configuration of a daemon on this folder. @returns Its text. */
  configure(port: number): string {
    const text = configText(this.logs.sources, port)
    writing(() => writeFileSync(this.configPath, text))
    return text
  }

  /** One hour up to now, at once, with the pushes of a quiet morning. */
  async writeHistory(pushes: readonly Push[]): Promise<void> {
    const now = Math.floor(this.#clock.now() / 1_000)
    this.#historyEnd = now * 1_000
    const access: string[] = []
    const php: string[] = []
    for (let second = now - historySeconds; second < now; second++) {
      const lines = this.#traffic.requests(historyRate(now - second), second, 'well')
      access.push(...lines.access)
      php.push(...lines.php)
    }
    await this.logs.write('access', access)
    await this.logs.write('php', php)
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
        await this.logs.write('access', access)
        await this.logs.write('php', php)
      }
      await this.#clock.sleep(writeEveryMs, signal)
    }
  }

  /** Removes the folder with all that is in it; may be called twice. */
  remove(): void {
    rmSync(this.dir, { recursive: true, force: true })
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

function configText(sources: string, port: number): string {
  return `# What the demo runs on; yours would look the same.
sources:
${sources}services:
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
