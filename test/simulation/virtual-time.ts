/** Time that moves from one timer to the next, once everything that the last one has set off is done. */

/** Turns of the event loop without any activity after which everything counts as done. */
const quietTurns = 2

interface Timer {
  readonly at: number
  readonly order: number
  readonly fire: () => void
}

export class VirtualTime {
  #now: number
  #timers: Timer[] = []
  #made = 0
  #activity = 0

  /** @param nowMs ms since the epoch. */
  constructor(nowMs: number) {
    this.#now = nowMs
  }

  get now(): number {
    return this.#now
  }

  /** Says that something goes on, which may set off more. */
  stir(): void {
    this.#activity += 1
  }

  /** Resolves after `ms`, or when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.stir()
    if (ms <= 0 || signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const fire = () => {
        this.stir()
        this.#timers = this.#timers.filter((other) => other !== timer)
        signal?.removeEventListener('abort', fire)
        resolve()
      }
      const timer = { at: this.#now + ms, order: this.#made++, fire }
      this.#timers.push(timer)
      signal?.addEventListener('abort', fire, { once: true })
    })
  }

  /** Lets `ms` go by. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await this.settle()
      const next = this.#timers.reduce<Timer | null>(
        (first, timer) => (first === null || timer.at < first.at || (timer.at === first.at && timer.order < first.order) ? timer : first), // prettier-ignore
        null,
      )
      if (next === null || next.at > end) break
      this.#now = Math.max(this.#now, next.at)
      next.fire()
    }
    this.#now = end
  }

  /** Resolves when nothing goes on that does not wait for a timer. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns;) {
      const before = this.#activity
      await new Promise(setImmediate)
      quiet = this.#activity === before ? quiet + 1 : 0
    }
  }
}
