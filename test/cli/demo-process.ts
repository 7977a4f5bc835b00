/** `lastpush demo` as the built program, and what it prints line by line. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { root } from './lastpush.ts'

interface Printed {
  readonly line: string
  /** Wall time of its arrival, ms. */
  readonly at: number
}

export class Demo {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
  readonly printed: Printed[] = []
  err = ''
  #rest = ''

  constructor(args: readonly string[]) {
    // A server of the user's own must never hear of the demo's pushes.
    const env = { PATH: process.env['PATH'], LASTPUSH_SERVER: 'http://127.0.0.1:9' }
    this.child = spawn(process.execPath, [join(root, 'dist/main.js'), 'demo', ...args], { env })
    this.ended = once(this.child, 'close')
    this.child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk.toString()))
    this.child.stderr?.on('data', (chunk: Buffer) => (this.err += chunk.toString()))
    onTestFinished(() => void this.child.kill('SIGKILL'))
  }

  get output(): string {
    return this.printed.map(({ line }) => `${line}\n`).join('')
  }

  /** The first line that matches, waited for. */
  async line(pattern: RegExp): Promise<Printed> {
    for (;;) {
      const found = this.printed.find(({ line }) => pattern.test(line))
      if (found !== undefined) return found
      if (this.child.exitCode !== null) throw new Error(`ended early:\n${this.output}${this.err}`)
      await Promise.race([once(this.child.stdout as NodeJS.ReadableStream, 'data'), this.ended])
    }
  }

  /** How many lines match. */
  count(pattern: RegExp): number {
    return this.printed.filter(({ line }) => pattern.test(line)).length
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    this.printed.push(...lines.map((line) => ({ line, at: Date.now() })))
  }
}
