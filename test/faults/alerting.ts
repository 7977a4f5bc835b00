/** A scene with one alert: a log of requests at a steady pace, a rule that fires on failures, and a
 *  receiver that remembers. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { readBooks, type Books } from './books.ts'
import { Daemon, folder } from './daemon.ts'
import { startHook, type Hook } from './hook.ts'
import { accessTime } from './writer.ts'

const tickMs = 50
const requestsPerTick = 4

/** Fires at 20 failures within 5 s: a quarter of a second of them. */
export const rule =
  'name: failing\ntype: frequency\nquery: status:500\nnum_events: 20\ntimeframe: 5s\n'

export class Alerting {
  readonly dir: string
  readonly dataDir: string
  readonly log: string
  readonly rulePath: string
  readonly hook: Hook
  /** Lines written so far. */
  lines = 0
  /** Whether requests fail. */
  failing = true
  readonly #config: string
  #stopping = false
  #running: Promise<void> = Promise.resolve()

  private constructor(dir: string, hook: Hook) {
    this.dir = dir
    this.hook = hook
    this.dataDir = join(dir, 'data')
    this.log = join(dir, 'access.log')
    mkdirSync(join(dir, 'rules'))
    this.rulePath = join(dir, 'rules', 'failing.yaml')
    this.#config = join(dir, 'lastpush.yaml')
    writeFileSync(this.log, '')
    writeFileSync(this.rulePath, rule)
    writeFileSync(this.#config, this.#yaml())
  }

  /** The scene with requests that fail already being written. */
  static async begin(): Promise<Alerting> {
    const scene = new Alerting(folder(), await startHook())
    scene.#running = scene.#write()
    onTestFinished(() => scene.quiet())
    return scene
  }

  start(prefix: readonly string[] = [], program?: string): Daemon {
    const options = { dataDir: this.dataDir, args: ['-c', this.#config], prefix }
    return new Daemon(program === undefined ? options : { ...options, program })
  }

  /** What the receiver was told, in order: `firing`, `resolved`. Repeats of one key are errors. */
  told(): string[] {
    const { deliveries } = this.hook
    expect(new Set(deliveries.map(({ key }) => key)).size).toBe(deliveries.length)
    return deliveries.map(({ body }) => (JSON.parse(body) as { status: string }).status)
  }

  /** Ends the writing. */
  async quiet(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  /** Ends a daemon that has read all, and gives the books; every line is counted once. */
  async settle(daemon: Daemon): Promise<Books> {
    await this.quiet()
    await daemon.lines(this.log, this.lines)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
    const books = await readBooks(this.dataDir)
    expect(books.partitions.get(this.log)).toMatchObject({ lines: this.lines, events: this.lines })
    expect(books.integrity).toEqual(['ok', 'ok'])
    return books
  }

  async #write(): Promise<void> {
    while (!this.#stopping) {
      const head = `10.0.0.7 - - [${accessTime(Date.now())}]`
      const line = `${head} "GET /cart HTTP/1.1" ${this.failing ? 500 : 200} 512 "-" "-"\n`
      appendFileSync(this.log, line.repeat(requestsPerTick))
      this.lines += requestsPerTick
      await delay(tickMs)
    }
  }

  #yaml(): string {
    return `
lateness: 3s
sources: [{ file: { paths: [${this.log}], from: beginning }, parser: apache_combined }]
rules: [rules/*.yaml]
receivers: { hook: { webhook: { url: '${this.hook.url}' } } }
route: { receiver: hook, group_wait: 0s, group_interval: 0s, repeat_interval: 30m }
http: { port: 0 }
`
  }
}
