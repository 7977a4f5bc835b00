/** The contract of a rule type. A rule declares its inputs; `step` is a pure function from its
 *  state and one pane to the next state and what it observed. Event times alone decide: a rule
 *  never sees the wall clock, a batch or the order of arrival. `for` and routing are alerts/. */
import type { z } from 'zod'
import type { Sample } from '../model/event.ts'
import type { Deploy } from '../model/deploy.ts'
import type { Query } from '../query/query.ts'
import type { History } from '../windows/history.ts'

/** What a rule wants counted for each series. */
export interface InputDeclaration {
  /** One count per query and pane; the first query's events also give the samples. Empty for rules
   *  that read only the history. */
  readonly queries: readonly Query[]
  /** Exact event times of the first query, besides its count. */
  readonly exact: boolean
  /** The scope's history and deploys. */
  readonly history: boolean
  /** Width of the panes, ms. */
  readonly paneMs: number
  /** How far back a sample still belongs to an onset, ms. */
  readonly windowMs: number
}

/** What `step` is given for one pane. */
export interface Inputs {
  /** Events per declared query in this pane; all 0 when the pane is empty. */
  readonly counts: readonly number[]
  /** [event time ms, events], ascending; empty unless declared `exact`. */
  readonly times: readonly (readonly [number, number])[]
  readonly samples: readonly Sample[]
  /** Event time of the scope's first event, ms: before it nothing is known. Infinity before it. */
  readonly scopeSince: number
  /** Only when declared. */
  readonly history: History | null
  readonly deploys: DeployView | null
}

/** What a rule may know of deploys; times in ms. */
export interface DeployView {
  inEffect(timeMs: number): Deploy | null
  /** The deploy that was in effect before another. */
  before(deploy: Deploy): Deploy | null
  byId(id: string): Deploy | null
  /** Start of the first deploy after a time, ms; null when none is known. */
  nextStart(timeMs: number): number | null
}

/** The condition as found at one moment. */
export interface Observation {
  /** Event time, ms; never decreasing within one step and label set. */
  readonly at: number
  readonly holds: boolean
  /** When this became so, if that is earlier than it could be told; ms. */
  readonly since?: number
  readonly value: number | null
  readonly threshold: number | null
  /** Labels beside those of the series, for rules that watch many items at once. */
  readonly labels?: Readonly<Record<string, string>>
  /** There was nothing to judge: the alert keeps its state and says so. */
  readonly nodata?: boolean
  /** Facts for the summary template, beside labels, value and threshold. */
  readonly facts?: Readonly<Record<string, string>>
}

/** What one step gives. */
export interface Step<State> {
  readonly state: State
  readonly observations: readonly Observation[]
  /** The next time at which something may change without an event, ms, after `at`; null: never. */
  readonly wakeAt: number | null
  /** Nothing is remembered: the series may be forgotten when it has no alert. */
  readonly idle: boolean
}

/** One rule's evaluation, for any of its series. */
export interface RuleInstance<State> {
  readonly inputs: InputDeclaration
  /** Labels that are always part of the series key, besides the rule's `by`. */
  readonly by?: readonly string[]
  /** Labels that its observations add to those of the series. */
  readonly adds?: readonly string[]
  /** The rule itself holds its condition for keep_firing_for after the last match (point types). */
  readonly point?: true
  /** Default sentence for people; `{name}` takes a label or fact. */
  readonly summary: string
  start(): State
  /** @param at End of the pane, exclusive, ms. Panes come in order; empty ones are skipped unless
   *    asked for by `wakeAt`. At the end of a replay an `exact` rule is given the part of a pane
   *    that was read. A late report of a deploy takes rules with `history` back to its start.
   *    State is plain JSON. */
  step(state: State, inputs: Inputs, at: number): Step<State>
}

/** What every rule has, whatever its type. Times in ms. */
export interface RuleCommon {
  readonly name: string
  readonly query: Query | null
  readonly keepFiringMs: number | null
}

/** A kind of rule, as the registry lists it. */
export interface RuleType {
  readonly kind: string
  readonly doc: string
  readonly example: string
  /** Its own fields, beside those that every rule has; in ElastAlert 2's names where they exist. */
  readonly options: z.ZodObject
  /** Fields of every rule that this type has no use for, each with the sentence that refuses it. */
  readonly refuses?: Readonly<Record<string, string>>
  /** @throws LastpushError CONFIG_INVALID when fields that are right each for itself do not fit. */
  create(options: unknown, common: RuleCommon): RuleInstance<unknown>
}

/** Ties a type's schema to what its `create` is given. */
export function ruleType<Schema extends z.ZodObject>(type: {
  readonly kind: string
  readonly doc: string
  readonly example: string
  readonly options: Schema
  readonly refuses?: Readonly<Record<string, string>>
  create(options: z.output<Schema>, common: RuleCommon): RuleInstance<unknown>
}): RuleType {
  return { ...type, create: (options, common) => type.create(options as z.output<Schema>, common) }
}

/** Default time for which point types hold after their last match, ms. */
export const keepFiringDefaultMs = 300_000

/** A rule as the catalog gives it: its YAML checked, its type's instance built. Times in ms. */
export interface Rule {
  readonly name: string
  readonly type: string
  /** The query as it was written, for `status`; null when the type needs none. */
  readonly queryText: string | null
  readonly instance: RuleInstance<unknown>
  /** Fields whose values make the series key, in order. */
  readonly by: readonly string[]
  /** The condition must hold for so long before the alert fires. */
  readonly forMs: number
  readonly keepFiringMs: number
  readonly severity: string
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  /** Hash over its definition: state of another version is not taken up. */
  readonly version: string
  /** Where it was declared. */
  readonly file: string
}
