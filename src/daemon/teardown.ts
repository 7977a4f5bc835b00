/** Named teardowns, run last-in first-out, each at most once, whatever state the start reached. */
import type { Log } from '../flow/log.ts'
import { LastpushError } from '../model/errors.ts'

export class Teardown {
  readonly #log: Log
  readonly #parts: { readonly name: string; readonly end: () => Promise<void> | void }[] = []
  #running: Promise<void> | null = null

  constructor(log: Log) {
    this.#log = log
  }

  add(name: string, end: () => Promise<void> | void): void {
    this.#parts.push({ name, end })
  }

  /** Adds a loop that ends when its signal aborts. */
  addLoop(name: string, run: (signal: AbortSignal) => Promise<void>): void {
    const stop = new AbortController()
    const running = run(stop.signal)
    this.add(name, async () => {
      stop.abort()
      await running
    })
  }

  /** Runs all that were added; may be called twice. A part that fails does not keep the others.
   *  @throws its error, when all were run: the first of several. */
  run(): Promise<void> {
    this.#running ??= this.#runAll()
    return this.#running
  }

  async #runAll(): Promise<void> {
    const failures: unknown[] = []
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await part.end()
      } catch (error) {
        const code = error instanceof LastpushError ? error.code : undefined
        this.#log.error({ part: part.name, code, error }, 'did not stop cleanly')
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
