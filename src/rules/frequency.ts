/** At least N events within a window, judged at every event: exact whatever the pane.
 *  The window holds the events with newest - oldest strictly less than `timeframe`, as in
 *  ElastAlert 2; unlike there it is not emptied by a match, since the condition is a level. */
import { z } from 'zod'
import { positiveDuration } from '../query/schema.ts'
import { paneWidth } from '../windows/panes.ts'
import { ruleType, type Inputs, type Observation, type RuleInstance, type Step } from './rule.ts'

interface Options {
  readonly num_events: number
  readonly timeframe: number
}

/** [event time, events at it] of the newest events inside the window, ascending, no more than tell
 *  whether there are N; and what was last observed. */
interface State {
  readonly runs: readonly Run[]
  readonly holds: boolean
}
type Run = readonly [number, number]

export const frequency = ruleType({
  kind: 'frequency',
  doc: 'At least `num_events` events of `query` within `timeframe`, for each series.',
  example: 'type: frequency\nquery: level:error\nnum_events: 20\ntimeframe: 5m',
  options: z.strictObject({
    num_events: z.int().positive().max(1_000_000),
    timeframe: positiveDuration,
  }),
  create: (options, common): RuleInstance<unknown> => ({
    inputs: {
      queries: common.query === null ? [] : [common.query],
      exact: true,
      history: false,
      paneMs: paneWidth(options.timeframe),
      windowMs: options.timeframe,
    },
    summary: '{events} within {window}',
    start: (): State => ({ runs: [], holds: false }),
    step: (state, inputs, at) => step(state as State, inputs, at, options),
  }),
})

function step(state: State, inputs: Inputs, at: number, options: Options): Step<State> {
  const window = new EventWindow(state.runs, options)
  const observations: Observation[] = []
  let holds = state.holds
  const note = (when: number, value: number): void => {
    if (value >= options.num_events === holds) return
    holds = !holds
    const facts = { events: value === 1 ? '1 event' : `${value} events` }
    observations.push({ at: when, holds, value, threshold: options.num_events, facts })
  }
  // Not at `before` itself: an event of that very time may still keep the count up.
  const fall = (before: number): void => {
    const falls = window.fallsBelowAt()
    if (falls === null || falls >= before) return
    window.dropUntil(falls - options.timeframe)
    note(falls, window.total)
  }
  for (const [time, count] of inputs.times) {
    fall(time)
    note(time, window.add(time, count))
  }
  fall(at)
  if (!holds) window.dropUntil(at - options.timeframe)
  const next = holds ? window.fallsBelowAt() : window.emptyAt()
  const wakeAt = next === null ? null : Math.max(next, at + 1)
  return { state: { runs: window.runs(), holds }, observations, wakeAt, idle: window.total === 0 }
}

/** The newest events, just enough to tell when N of them are inside the window: a rule of 20 events
 *  a day must not keep the millions that come in between. */
class EventWindow {
  readonly #runs: [number, number][]
  readonly #options: Options
  #total: number

  constructor(runs: readonly Run[], options: Options) {
    this.#runs = runs.map(([time, count]) => [time, count])
    this.#options = options
    this.#total = runs.reduce((sum, [, count]) => sum + count, 0)
  }

  get total(): number {
    return this.#total
  }

  /** @returns Events in the window, exact up to N; beyond, at least N. */
  add(time: number, count: number): number {
    this.dropUntil(time - this.#options.timeframe)
    const last = this.#runs.at(-1)
    if (last !== undefined && last[0] === time) last[1] += count
    else this.#runs.push([time, count])
    this.#total += count
    const { total } = this
    this.#dropSpare()
    return total
  }

  /** Removes events at or before a time. */
  dropUntil(time: number): void {
    let drop = 0
    for (const [at, count] of this.#runs) {
      if (at > time) break
      this.#total -= count
      drop++
    }
    if (drop > 0) this.#runs.splice(0, drop)
  }

  /** Removes the oldest while N are left without them. */
  #dropSpare(): void {
    let drop = 0
    for (const [, count] of this.#runs) {
      if (this.#total - count < this.#options.num_events) break
      this.#total -= count
      drop++
    }
    if (drop > 0) this.#runs.splice(0, drop)
  }

  /** When the count falls below N if nothing more comes; null when it is below already. */
  fallsBelowAt(): number | null {
    const [oldest] = this.#runs
    if (oldest === undefined || this.#total < this.#options.num_events) return null
    // Spare ones are dropped, so that without the oldest there are fewer than N.
    return oldest[0] + this.#options.timeframe
  }

  /** When the last event leaves the window; null when it is empty. */
  emptyAt(): number | null {
    const last = this.#runs.at(-1)
    return last === undefined ? null : last[0] + this.#options.timeframe
  }

  runs(): readonly Run[] {
    return this.#runs
  }
}
