/** A message never seen before in its scope, once it has come `num_events` times.
 *  Everything is new to a daemon that has just been installed, so a scope first learns: what it
 *  sees within `learn` of its first event is taken as known. */
import { z } from 'zod'
import { duration, positiveDuration } from '../query/schema.ts'
import { keepFiringDefaultMs, ruleType } from './rule.ts'
import type { Inputs, Observation, RuleInstance, Step } from './rule.ts'

interface Options {
  readonly num_events: number
  readonly timeframe: number
  readonly look_back: number
  readonly learn: number
}

interface State {
  /** Newest event time of the signature, ms; null before the first. */
  readonly last: number | null
  /** First event time since it counts as new; null while it is known. */
  readonly newSince: number | null
  /** Newest event times while it is new and has not fired: [ms, events]. */
  readonly runs: readonly (readonly [number, number])[]
  /** The alert holds until `last` + keep_firing_for. */
  readonly holds: boolean
}

export const newSignature = ruleType({
  kind: 'new_signature',
  doc: 'A signature that the scope has not seen within `look_back` comes `num_events` times within `timeframe`.',
  example: 'type: new_signature\nquery: level:(error OR crit)\nnum_events: 3\ntimeframe: 5m',
  options: z.strictObject({
    num_events: z.int().positive().max(10_000).default(1),
    timeframe: positiveDuration.default(300_000),
    look_back: duration.default(604_800_000),
    learn: duration.default(900_000),
  }),
  create: (options, common): RuleInstance<unknown> => {
    const keepMs = common.keepFiringMs ?? keepFiringDefaultMs
    return {
      inputs: {
        queries: common.query === null ? [] : [common.query],
        exact: true,
        history: false,
        paneMs: 1_000,
        windowMs: options.timeframe,
      },
      by: ['signature'],
      point: true,
      summary: 'new: {template}',
      start: (): State => ({ last: null, newSince: null, runs: [], holds: false }),
      step: (state, inputs, at) => step(state as State, inputs, at, options, keepMs),
    }
  },
})

function step(
  state: State,
  inputs: Inputs,
  at: number,
  options: Options,
  keepMs: number,
): Step<State> {
  const observations: Observation[] = []
  let now = state
  const endsAt = (): number => (now.holds && now.last !== null ? now.last + keepMs : Infinity)
  const end = (): void => {
    observations.push(observe(endsAt(), false, 0, options))
    now = { ...now, holds: false, newSince: null, runs: [] }
  }
  for (const [time, count] of inputs.times) {
    if (endsAt() <= time) end()
    now = see(now, time, count, inputs.scopeSince, options)
    const seen = now.runs.reduce((sum, [, n]) => sum + n, 0)
    if (!now.holds && now.newSince !== null && seen >= options.num_events) {
      observations.push(observe(time, true, seen, options))
      now = { ...now, holds: true, runs: [] }
    }
  }
  if (endsAt() < at) end()
  if (now.last === null) return { state: now, observations, wakeAt: null, idle: true }
  // Beyond the look-back a signature counts as new again: there is nothing left to remember.
  const next = now.holds ? endsAt() : now.last + options.look_back + 1
  const idle = !now.holds && next <= at
  return { state: now, observations, wakeAt: idle ? null : Math.max(next, at + 1), idle }
}

function see(
  state: State,
  time: number,
  count: number,
  scopeSince: number,
  options: Options,
): State {
  const unseen = state.last === null || time - state.last > options.look_back
  const warm = time - scopeSince >= options.learn
  const newSince = unseen ? (warm ? time : null) : state.newSince
  const { runs, holds } = state
  if (newSince === null || holds) return { last: time, newSince, runs, holds }
  const recent = unseen ? [] : runs.filter(([at]) => at > time - options.timeframe)
  return { last: time, newSince, runs: [...recent, [time, count]], holds }
}

function observe(at: number, holds: boolean, value: number, options: Options): Observation {
  return { at, holds, value, threshold: options.num_events }
}
