/** What every rule type must hold, whatever it looks for. A rule's own test walks its cases through
 *  `walk`, so that each step of every test is held to this contract, and calls `ruleCases` with
 *  typical panes. */
import { expect, test } from 'vitest'
import { compareEvents, type Sample } from '../../src/model/event.ts'
import type { Inputs, Observation, RuleInstance } from '../../src/rules/rule.ts'
import { ruleTypes } from '../../src/registry.ts'

/** One pane as a rule sees it; `at` is its end, ms. */
export interface Pane {
  readonly at: number
  readonly inputs: Partial<Inputs>
}

/** Inputs of an empty pane, overlaid with what a test wants. */
export function inputsOf(rule: RuleInstance<unknown>, given: Partial<Inputs> = {}): Inputs {
  return {
    counts: rule.inputs.queries.map(() => 0),
    times: [],
    samples: [],
    scopeSince: 0,
    history: null,
    deploys: null,
    ...given,
  }
}

/** What a rule said on its way. */
export interface Walked {
  readonly observations: readonly Observation[]
  readonly steps: number
  /** The series may be forgotten. */
  readonly idle: boolean
  readonly state: unknown
}

/**
 * Steps a rule through panes as a series does: in order, at the wake-ups that it asks for as well,
 * up to `until` (ms). Each step is held to the contract.
 * @param background Inputs of every step, also of wake-ups.
 */
export function walk(
  rule: RuleInstance<unknown>,
  panes: readonly Pane[],
  until: number,
  background: Partial<Inputs> = {},
): Walked {
  const { paneMs } = rule.inputs
  const waiting = panes.toSorted((a, b) => a.at - b.at)
  const observations: Observation[] = []
  let state = rule.start()
  let wakeAt: number | null = background.deploys?.nextStart(-Infinity) ?? null
  let idle = true
  let steps = 0
  for (;;) {
    const woken = wakeAt === null ? Infinity : Math.ceil(wakeAt / paneMs) * paneMs
    const at = Math.min(waiting[0]?.at ?? Infinity, woken)
    if (at > until || at === Infinity) return { observations, steps, idle, state }
    const pane = waiting[0]?.at === at ? waiting.shift() : undefined
    const step = checkedStep(rule, state, inputsOf(rule, { ...background, ...pane?.inputs }), at)
    observations.push(...step.observations)
    ;({ state, wakeAt, idle } = step)
    steps++
  }
}

/** One step, held to the contract. */
function checkedStep(rule: RuleInstance<unknown>, state: unknown, inputs: Inputs, at: number) {
  const stored = JSON.stringify(state)
  const given = plain(inputs)
  const step = rule.step(state, inputs, at)
  // Pure: the same again, from a state that was stored, and nothing that was handed in has changed.
  expect(JSON.stringify(state)).toBe(stored)
  expect(plain(inputs)).toEqual(given)
  expect(rule.step(JSON.parse(stored), inputs, at)).toEqual(step)
  expect(JSON.parse(JSON.stringify(step.state))).toEqual(step.state)
  if (step.wakeAt !== null) expect(step.wakeAt).toBeGreaterThan(at)
  if (step.idle) expect(step.wakeAt).toBeNull()
  const latest = new Map<string, number>()
  for (const { at: when, since = when, labels = {} } of step.observations) {
    const key = JSON.stringify(labels)
    expect(when).toBeLessThanOrEqual(at)
    expect(since).toBeLessThanOrEqual(when)
    expect(when).toBeGreaterThanOrEqual(latest.get(key) ?? -Infinity)
    latest.set(key, when)
  }
  return step
}

/** What of the inputs is data; history and deploys are the caller's to keep. */
function plain({ counts, times, samples, scopeSince }: Inputs): unknown {
  return structuredClone({ counts, times, samples, scopeSince })
}

/** Cases for the kind itself. @param rule With its smallest sensible options. */
export function ruleCases(kind: string, rule: RuleInstance<unknown>): void {
  test('is in the registry, with a doc and an example that names it', () => {
    const found = ruleTypes.filter((type) => type.kind === kind)
    expect(found).toHaveLength(1)
    expect(found[0]?.doc).toMatch(/^[A-Z].*\.$/)
    expect(found[0]?.example).toContain(`type: ${kind}\n`)
  })

  test('declares panes that fit its window', () => {
    const { paneMs, windowMs } = rule.inputs
    expect(paneMs % 1_000).toBe(0)
    expect(windowMs).toBeGreaterThanOrEqual(paneMs)
  })

  test('a fresh series has a plain state, and says nothing about an empty pane but no data', () => {
    const state = rule.start()
    expect(JSON.parse(JSON.stringify(state))).toEqual(state)
    expect(rule.start()).toEqual(state)
    if (rule.inputs.history) return
    const { observations, idle } = rule.step(state, inputsOf(rule), rule.inputs.paneMs)
    expect(observations.filter((seen) => seen.nodata !== true)).toEqual([])
    expect(idle).toBe(true)
  })
}

/** The inputs of panes that hold events at these times (ms), for rules that declare `exact`. */
export function exactPanes(times: readonly number[], paneMs: number): Pane[] {
  const panes = new Map<number, Map<number, number>>()
  for (const time of times) {
    const at = Math.floor(time / paneMs) * paneMs + paneMs
    const pane = panes.get(at) ?? new Map<number, number>()
    panes.set(at, pane.set(time, (pane.get(time) ?? 0) + 1))
  }
  return [...panes].map(([at, pane]) => {
    const sorted = [...pane].sort(([a], [b]) => a - b)
    const count = sorted.reduce((sum, [, events]) => sum + events, 0)
    return { at, inputs: { counts: [count], times: sorted, samples: samplesAt(sorted) } }
  })
}

function samplesAt(times: readonly (readonly [number, number])[]): Sample[] {
  return times
    .map(([time], index) => ({
      time,
      partition: 'a.log',
      position: index,
      text: '',
      sha: null,
      scope: '',
    })) // prettier-ignore
    .sort(compareEvents)
}
