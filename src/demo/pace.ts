/** Which requests are due when: a constant rate by the wall clock, without drift. What a request
 *  writes is traffic.ts. */

/** A machine that stood still for longer than this, ms, has a shop that stood still as well: what
 *  would have happened meanwhile is left out, since a line must not come later than the configured
 *  lateness of two seconds. */
export const stallMs = 1_000

/** Requests within one second. */
export interface Due {
  /** s since the epoch. */
  readonly second: number
  readonly count: number
}

/** Request k happens at `since` + k / rate. */
export class Pace {
  readonly #rate: number
  #since: number
  #done = 0

  /** @param sinceMs Time of the first request. @param rate Requests a second. */
  constructor(sinceMs: number, rate: number) {
    this.#since = sinceMs
    this.#rate = rate
  }

  /** What has happened since the last call, each under its own second; never anything of the
   *  future. A clock that was set back begins anew. */
  due(nowMs: number): readonly Due[] {
    const reached = this.#timeOf(this.#done)
    if (nowMs - reached > stallMs) this.#restart(nowMs - stallMs)
    else if (reached - nowMs > stallMs) this.#restart(nowMs)
    const due: { second: number; count: number }[] = []
    for (let at = this.#timeOf(this.#done); at <= nowMs; at = this.#timeOf(this.#done)) {
      const second = Math.floor(at / 1_000)
      const last = due.at(-1)
      if (last?.second === second) last.count++
      else due.push({ second, count: 1 })
      this.#done++
    }
    return due
  }

  #timeOf(request: number): number {
    return this.#since + (request * 1_000) / this.#rate
  }

  #restart(sinceMs: number): void {
    this.#since = sinceMs
    this.#done = 0
  }
}
