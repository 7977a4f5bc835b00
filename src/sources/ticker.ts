/** Many waits on one timer: thousands of followers wait, one loop ticks. A wait ends at the first
 *  tick after its time, so it is as coarse as the ticks are. */
import type { Clock } from '../flow/time.ts'

export class Ticker {
  readonly #clock: Clock
  #sleepers: { readonly at: number; readonly key: string; readonly wake: () => void }[] = []
  #ended = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves at the first tick that comes `ms` or more from now, or when `key` or all are woken. */
  wait(ms: number, key: string): Promise<void> {
    if (this.#ended) return Promise.resolve()
    const at = this.#clock.monotonic() + ms
    return new Promise((wake) => this.#sleepers.push({ at, key, wake }))
  }

  /** Milliseconds until somebody is due; Infinity when nobody waits. */
  get dueInMs(): number {
    const first = this.#sleepers.reduce((least, { at }) => Math.min(least, at), Infinity)
    return first - this.#clock.monotonic()
  }

  /** Wakes those whose time has come. */
  tick(): void {
    const now = this.#clock.monotonic()
    const due = this.#sleepers.filter(({ at }) => at <= now)
    if (due.length === 0) return
    this.#sleepers = this.#sleepers.filter(({ at }) => at > now)
    for (const { wake } of due) wake()
  }

  /** Wakes those that wait under a key, before their time. */
  wake(key: string): void {
    const named = this.#sleepers.filter((sleeper) => sleeper.key === key)
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.key !== key)
    for (const { wake } of named) wake()
  }

  /** Wakes everybody, now and from now on. */
  wakeAll(): void {
    this.#ended = true
    for (const { wake } of this.#sleepers.splice(0)) wake()
  }
}
