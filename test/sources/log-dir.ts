/** A temporary directory of log files for the tests of the file source. */
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openFilesMax } from '../../src/sources/file-limits.ts'
import { fileSource } from '../../src/sources/file.ts'
import type { FileOptions } from '../../src/sources/file-options.ts'
import { until } from '../contract/source.ts'
import type { Source } from '../../src/sources/source.ts'

/** Fast enough for tests, slow enough to meet a file between two polls. */
export const testTiming = { pollMs: 2, quietMs: 10, rotateWaitMs: 40 }

interface Limits {
  readonly filesMax?: number
  readonly rotateWaitMs?: number
}

export class LogDir {
  readonly dir = fs.mkdtempSync(join(tmpdir(), 'lastpush-file-'))

  constructor(cleanUp: (done: () => void) => void = onTestFinished) {
    cleanUp(() => fs.rmSync(this.dir, { recursive: true, force: true }))
  }

  path(name: string): string {
    return join(this.dir, name)
  }

  append(name: string, content: string | Buffer): void {
    fs.appendFileSync(this.path(name), content)
  }

  rename(from: string, to: string): void {
    fs.renameSync(this.path(from), this.path(to))
  }

  remove(name: string): void {
    fs.rmSync(this.path(name))
  }

  truncate(name: string, size = 0): void {
    fs.truncateSync(this.path(name), size)
  }

  /** Resolves when a new file gets a later creation time than all that exist. */
  async nextTick(): Promise<void> {
    const born = () => {
      this.append('probe', '')
      const { birthtimeMs } = fs.statSync(this.path('probe'))
      this.remove('probe')
      return birthtimeMs
    }
    const before = born()
    await until(() => born() > before)
  }

  /** A file source over globs relative to the directory, reading from the beginning. */
  source(patterns: readonly string[], options: Partial<FileOptions> & Limits = {}): Source {
    const { filesMax = openFilesMax, rotateWaitMs = testTiming.rotateWaitMs, ...rest } = options
    const paths = patterns.map((pattern) => this.path(pattern))
    const limits = { timing: { ...testTiming, rotateWaitMs }, filesMax }
    return fileSource('logs', { paths, from: 'beginning', ...rest }, limits)
  }
}
