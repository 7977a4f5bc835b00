/** The only place that names the real clock and real timers; everything else is handed a Clock. */

/** Wall time and timers, injected so that tests own both. */
export interface Clock {
  /** ms since the epoch. */
  now(): number
  /** Monotonic ms, for measuring durations; unaffected by clock steps. */
  monotonic(): number
  /** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done, { once: true })
    }),
}

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #now: number
  /** What `step` has moved the wall time by, ms. */
  #steppedMs = 0
  #sleepers: { at: number; wake: () => void }[] = []

  constructor(nowMs: number) {
    this.#now = nowMs
  }

  now(): number {
    return this.#now + this.#steppedMs
  }

  monotonic(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const drop = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        sleeper.wake()
      }
      const sleeper = {
        at: this.#now + ms,
        wake: () => {
          signal?.removeEventListener('abort', drop)
          resolve()
        },
      }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', drop, { once: true })
    })
  }

  /** Sets the wall time on or back, as a person or NTP does: no time passes. */
  step(ms: number): void {
    this.#steppedMs += ms
  }

  /** Moves time forward and wakes the sleepers that are due, in order of their time. */
  advance(ms: number): void {
    this.#now += ms
    const due = this.#sleepers.filter((sleeper) => sleeper.at <= this.#now)
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.at > this.#now)
    for (const sleeper of due.sort((a, b) => a.at - b.at)) sleeper.wake()
  }
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** "90s", "5m", "1h30m", "250ms" → ms; null when the text is no duration. */
export function parseDuration(text: string): number | null {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/gy)]
  const read = parts.reduce((length, part) => length + part[0].length, 0)
  if (parts.length === 0 || read !== text.trim().length) return null
  return parts.reduce((ms, part) => ms + Number(part[1]) * (unitMs[part[2] ?? ''] ?? 0), 0)
}

/** ms → "1h30m"; the shortest exact form, "0s" for 0. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms)
  let text = ''
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ] as const) {
    // prettier-ignore
    const whole = Math.floor(rest / size)
    if (whole > 0) text += `${whole}${unit}`
    rest -= whole * size
  }
  return text === '' ? '0s' : text
}

/** ms since the epoch → RFC 3339 UTC with milliseconds. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** RFC 3339 → ms since the epoch; NaN when it is none. */
export function parseIsoTime(text: string): number {
  return Date.parse(text)
}
