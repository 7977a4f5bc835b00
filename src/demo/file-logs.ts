/** The shop's logs as files in the demo's folder. */
import { appendFileSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { LastpushError } from '../model/errors.ts'
import type { LogName, ShopLogs } from './logs.ts'

/** A log of this size is renamed to `.1`, as logrotate would, so that a demo that is left alone
 *  fills no disk: at most twice this for each of the two logs. */
const logBytesMax = 64 * 1_024 * 1_024
const files: Readonly<Record<LogName, string>> = { access: 'access.log', php: 'php_error.log' }

export class FileLogs implements ShopLogs {
  readonly place: string
  readonly sources = `\
  - { name: access, file: { paths: [logs/access.log], from: beginning }, service: web }
  - { name: php, file: { paths: [logs/php_error.log], from: beginning }, service: web }
`
  readonly #dir: string
  readonly #bytesMax: number
  readonly #bytes = new Map<LogName, number>()

  /** Makes empty logs. @throws LastpushError STORY_FAILED when it cannot. */
  constructor(dir: string, bytesMax = logBytesMax) {
    this.place = `in ${dir}`
    this.#dir = join(dir, 'logs')
    this.#bytesMax = bytesMax
    writing(() => mkdirSync(this.#dir))
    this.#append('access', [])
    this.#append('php', [])
  }

  write(name: LogName, lines: readonly string[]): Promise<void> {
    // A failure is a rejection, as with every other kind of logs.
    return Promise.resolve().then(() => this.#append(name, lines))
  }

  async close(): Promise<void> {}

  #append(name: LogName, lines: readonly string[]): void {
    const path = join(this.#dir, files[name])
    const text = lines.map((line) => `${line}\n`).join('')
    const before = this.#bytes.get(name) ?? 0
    const full = before > this.#bytesMax
    writing(() => {
      if (full) renameSync(path, `${path}.1`)
      appendFileSync(path, text)
    })
    this.#bytes.set(name, (full ? 0 : before) + Buffer.byteLength(text))
  }
}

/** Says of a failed write what the person can do about it. */
export function writing<T>(write: () => T): T {
  try {
    return write()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const message = `the demo cannot write its logs: ${why}; TMPDIR chooses another place for them`
    throw new LastpushError('STORY_FAILED', message, { cause })
  }
}
