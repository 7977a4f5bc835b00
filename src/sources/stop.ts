/** Waiting that a stop cuts short. `Promise.race` against one long-lived promise would do the same
 *  and keep a reaction on it for every batch of the process's life. */

export class Stop {
  readonly #signal: AbortSignal
  readonly #waiting = new Set<() => void>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    const wakeAll = () => {
      for (const wake of this.#waiting) wake()
    }
    signal.addEventListener('abort', wakeAll, { once: true })
  }

  get stopped(): boolean {
    return this.#signal.aborted
  }

  /** Settles as `promise` does; resolves to `'stopped'` when the stop comes first. */
  or<T>(promise: Promise<T>): Promise<T | 'stopped'> {
    return new Promise((resolve, reject) => {
      const wake = () => resolve('stopped')
      this.#waiting.add(wake)
      if (this.stopped) wake()
      promise.then(resolve, reject).finally(() => this.#waiting.delete(wake))
    })
  }
}
