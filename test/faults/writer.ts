/** Writes an access log and a PHP error log at a steady pace, cut at random bytes as a buffered
 *  writer would, and keeps its own books of what it wrote: the truth that the daemon's counts are
 *  held against. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { Random } from './random.ts'

/** What was written to one log. */
export interface Written {
  lines: number
  events: number
  continued: number
  unparsed: number
  /** Events by status or level. */
  readonly byItem: Map<string, number>
}

const tickMs = 5
/** Of each eight events one goes to the PHP log. */
const accessShare = 7 / 8
/** Share of requests that fail in a second in which their path is broken. */
const brokenShare = 0.3

/** Every other second one half of the paths is broken, and then the other half. */
export const paths = ['/', '/cart', '/checkout', '/login', '/search', '/account'] as const

export class LogWriter {
  readonly accessPath: string
  readonly phpPath: string
  readonly access: Written = nothing()
  readonly php: Written = nothing()
  readonly #random: Random
  readonly #eventsPerSecond: number
  readonly #logs: readonly [Log, Log]
  #stopping = false
  #calm = false
  #running: Promise<void>

  /** Starts at once. @param linesPerSecond Of both logs together. */
  constructor(dir: string, random: Random, linesPerSecond = 2_000) {
    this.accessPath = join(dir, 'access.log')
    this.phpPath = join(dir, 'php_error.log')
    this.#random = random
    // An event of the PHP log has one and a half lines on average.
    this.#eventsPerSecond = linesPerSecond / (accessShare + (1 - accessShare) * 1.5)
    this.#logs = [new Log(this.accessPath, random), new Log(this.phpPath, random)]
    this.#running = this.#run()
    onTestFinished(() => this.stop())
  }

  /** Lines of both logs so far. */
  get lines(): number {
    return this.access.lines + this.php.lines
  }

  /** Nothing is broken any more, so that every alert can resolve. */
  calmDown(): void {
    this.#calm = true
  }

  /** Finishes the last lines. May be called twice. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
    for (const log of this.#logs) log.close()
  }

  async #run(): Promise<void> {
    const start = performance.now()
    let written = 0
    while (!this.#stopping) {
      const due = ((performance.now() - start) / 1_000) * this.#eventsPerSecond
      for (; written < due; written++) this.#event(Date.now())
      for (const log of this.#logs) log.flush()
      await delay(tickMs)
    }
  }

  #event(now: number): void {
    if (this.#random.next() < accessShare) this.#request(now)
    else this.#phpEvent(now)
  }

  #request(now: number): void {
    const path = this.#random.below(paths.length)
    const broken = !this.#calm && (Math.floor(now / 1_000) + path) % 2 === 0
    const status =
      broken && this.#random.next() < brokenShare
        ? '503'
        : this.#random.pick(['200', '200', '200', '200', '304', '404', '500'])
    const request = `"GET ${paths[path]}?n=${this.access.lines} HTTP/1.1" ${status} 512`
    this.#logs[0].add([`10.0.0.7 - - [${accessTime(now)}] ${request} "-" "curl/8.5.0"`])
    note(this.access, { lines: 1, events: 1, item: status })
  }

  #phpEvent(now: number): void {
    const random = this.#random.next()
    if (random < 0.02) {
      this.#logs[1].add(['Segmentation fault (core dumped)'])
      note(this.php, { lines: 1, unparsed: 1 })
      return
    }
    const head = `[${phpTime(now)} UTC] PHP`
    if (random < 0.2 && !this.#calm) {
      this.#logs[1].add([
        `${head} Fatal error:  Uncaught Exception: no such cart in /srv/shop/cart.php:${this.php.lines}`,
        'Stack trace:',
        `#0 /srv/shop/index.php(${this.php.lines}): load()`,
        '#1 {main}',
        '  thrown in /srv/shop/cart.php on line 12',
      ])
      note(this.php, { lines: 5, events: 1, continued: 4, item: 'crit' })
      return
    }
    const [word, level] = random < 0.6 ? ['Warning', 'warn'] : ['Notice', 'notice']
    this.#logs[1].add([`${head} ${word}:  Undefined index ${level} in /srv/shop/a.php on line 7`])
    note(this.php, { lines: 1, events: 1, item: level ?? '' })
  }
}

/** One file, written in pieces that end anywhere. */
class Log {
  readonly #file: number
  readonly #random: Random
  #held = ''
  #closed = false

  constructor(path: string, random: Random) {
    this.#file = openSync(path, 'a')
    this.#random = random
  }

  add(lines: readonly string[]): void {
    this.#held += `${lines.join('\n')}\n`
  }

  /** Writes what is held but for a random rest. */
  flush(): void {
    const kept = this.#random.below(Math.min(this.#held.length, 120) + 1)
    const cut = this.#held.length - kept
    if (cut > 0) writeSync(this.#file, this.#held.slice(0, cut))
    this.#held = this.#held.slice(cut)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    writeSync(this.#file, this.#held)
    closeSync(this.#file)
  }
}

function nothing(): Written {
  return { lines: 0, events: 0, continued: 0, unparsed: 0, byItem: new Map() }
}

function note(
  into: Written,
  added: { lines: number; events?: number; continued?: number; unparsed?: number; item?: string },
): void {
  into.lines += added.lines
  into.events += added.events ?? 0
  into.continued += added.continued ?? 0
  into.unparsed += added.unparsed ?? 0
  const { item } = added
  if (item !== undefined) into.byItem.set(item, (into.byItem.get(item) ?? 0) + 1)
}

/** `23/Nov/2026:14:02:11 +0000`. */
export function accessTime(ms: number): string {
  const [date = '', time = ''] = phpTime(ms).split(' ')
  return `${date.replaceAll('-', '/')}:${time} +0000`
}

/** `23-Nov-2026 14:02:11`. */
export function phpTime(ms: number): string {
  const [, day, month, year, time] = /, (\d+) (\w+) (\d+) ([\d:]+)/.exec(
    new Date(ms).toUTCString(),
  ) as RegExpExecArray
  return `${day}-${month}-${year} ${time}`
}
