/** What a daemon does by the clock beside its work: a tick for open pages, another look at the
 *  spool, and keeping the store small. */
import type { Log } from '../flow/log.ts'
import { isoTime, type Clock } from '../flow/time.ts'
import type { EventIndex } from '../store/events.ts'
import type { State } from '../store/state.ts'

const tickMs = 1_000
/** A report may have been spooled in the moment in which the daemon came up. */
const spoolEveryMs = 10_000
const compactEveryMs = 3_600_000
/** Panes, deploys, alerts and signatures are kept this long, ms. */
const stateKeptMs = 400 * 86_400_000

export interface HousekeepingOptions {
  readonly clock: Clock
  readonly log: Log
  readonly state: State
  readonly index: EventIndex | null
  readonly eventsKeptMs: number
  /** Newest event time of all, ms; -Infinity when nothing was read. */
  readonly newestMs: () => number
  readonly tick: (now: string) => void
  readonly takeUpSpool: () => Promise<void>
}

/** Runs until the signal aborts. Never rejects: a duty that fails is tried again in its time. */
export async function keepHouse(options: HousekeepingOptions, signal: AbortSignal): Promise<void> {
  const { clock, log } = options
  let compactAt = clock.now() + compactEveryMs
  let spoolAt = clock.now() + spoolEveryMs
  while (!signal.aborted) {
    await clock.sleep(tickMs, signal)
    const now = clock.now()
    options.tick(isoTime(now))
    try {
      if (now >= spoolAt) {
        spoolAt = now + spoolEveryMs
        await options.takeUpSpool()
      }
      if (now >= compactAt) {
        compactAt = now + compactEveryMs
        // By the time of the logs: a clock that is a year ahead must not delete a year.
        const until = Math.min(now, options.newestMs())
        if (until === -Infinity) continue
        await options.state.compact(until, stateKeptMs)
        await options.index?.purge(until - options.eventsKeptMs)
      }
    } catch (error) {
      log.warn({ error }, 'housekeeping failed; it is tried again in its time')
    }
  }
}
