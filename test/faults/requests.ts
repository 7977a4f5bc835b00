/** One access log whose lines are known by their number, a daemon that counts it and pages nobody,
 *  and the check of the store against what was written. */
import Database from 'better-sqlite3'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { readBooks } from './books.ts'
import type { Daemon } from './daemon.ts'
import { accessTime } from './writer.ts'

export class RequestLog {
  readonly path: string
  /** Lines written so far. */
  lines = 0

  constructor(dir: string, name = 'access.log') {
    this.path = join(dir, name)
    appendFileSync(this.path, '')
  }

  /** Appends so many whole lines; each fifth is a failure, which the index keeps. */
  append(count: number): void {
    const head = `10.0.0.7 - - [${accessTime(Date.now())}]`
    const numbers = Array.from({ length: count }, (_, index) => this.lines + index)
    const line = (n: number) =>
      `${head} "GET /${n} HTTP/1.1" ${n % 5 === 0 ? 500 : 200} 512 "-" "-"\n`
    appendFileSync(this.path, numbers.map(line).join(''))
    this.lines += count
  }

  /** Arguments of `run` that read only this log and take no rules. */
  get args(): string[] {
    return [this.path, '--parser', 'apache_combined', '--rules', 'none', '--port', '0']
  }

  /** Waits until a daemon has read all, ends it by SIGTERM, and holds its store against the log.
   *  @param others Logs that it read as well. */
  async settle(daemon: Daemon, others: readonly RequestLog[] = []): Promise<void> {
    for (const log of [this, ...others]) await daemon.lines(log.path, log.lines)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
    await this.expectCounted(daemon.dataDir, others)
  }

  /** Every line is counted once, in a store that SQLite finds whole. */
  async expectCounted(dataDir: string, others: readonly RequestLog[] = []): Promise<void> {
    const { panes, integrity, partitions } = await readBooks(dataDir)
    const logs = [this, ...others]
    const total = (of: (log: RequestLog) => number) => logs.reduce((sum, log) => sum + of(log), 0)
    const failures = total(({ lines }) => Math.ceil(lines / 5))
    expect(logs.map(({ path }) => partitions.get(path)?.lines)).toEqual(
      logs.map(({ lines }) => lines),
    )
    expect(panes['requests '] ?? 0).toBe(total(({ lines }) => lines))
    expect(panes['status 500'] ?? 0).toBe(failures)
    expect(eventsKept(dataDir)).toBe(failures)
    expect(integrity).toEqual(['ok', 'ok'])
  }
}

/** Events in the index or on their way there; some are in both until the state has noted it. */
function eventsKept(dataDir: string): number {
  const db = new Database(join(dataDir, 'state.db'), { readonly: true })
  try {
    db.prepare('ATTACH ? AS events').run(join(dataDir, 'events.db'))
    const kept = db.prepare('SELECT id FROM backlog UNION SELECT id FROM events.event')
    return kept.all().length
  } finally {
    db.close()
  }
}
