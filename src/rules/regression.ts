/** What got worse since the push: every 5xx status and every error signature of a scope, after the
 *  deploy against before it, by the e-value of deploys/evidence.ts, corrected for looking at many
 *  (e-BH). Signatures never seen before are left to new_signature; they only count as one more
 *  hypothesis here.
 *
 *  An item resolves when its rate has for `for_resolve` not been significantly above the baseline
 *  before the bad deploy. The rate is taken over a trailing window that would hold five events at
 *  the bad rate: shorter, and a gap would look like recovery. */
import { z } from 'zod'
import { baselineFrom } from '../deploys/baseline.ts'
import {
  eBenjaminiHochberg,
  logEvidence,
  pooledDispersion,
  returnTail,
} from '../deploys/evidence.ts'
import { duration } from '../query/schema.ts'
import { itemOf, type History } from '../windows/history.ts'
import type { Deploy } from '../model/deploy.ts'
import { ruleType, type Inputs, type Observation, type RuleInstance, type Step } from './rule.ts'

/** A deploy is judged for this long, s; what breaks later is seldom its doing. */
const horizonSeconds = 3_600
/** Fewer events than this give no variance of their own: it is pooled over the scope. */
const pooledBelow = 20
/** The trailing window should hold this many events at the bad rate; its bounds are in seconds. */
const windowEvents = 5
const windowSecondsMin = 5
const windowSecondsMax = 600
/** A count this unlikely under the baseline is still `worse`. */
const resolveTail = 0.05

interface Options {
  readonly for_resolve: number
  readonly alpha: number
  readonly min_events: number
}

/** Count and exposure before a deploy, dispersion, and the count since. */
interface Judged {
  readonly x0: number
  readonly t0: number
  readonly phi: number
  readonly x1: number
  /** Second since which x1 is counted: the deploy's start, or when the item last recovered. What
   *  led to an alert that is over must not fire again. */
  readonly since: number
}

/** An item that got worse, against the baseline of the deploy that did it. */
interface Bad extends Judged {
  /** Events per second when it was found. */
  readonly rate: number
  /** Second at which it was found. */
  readonly from: number
  /** Second since which the rate has not been worse; null while it is. */
  readonly wellSince: number | null
}

interface State {
  /** Id and start of the deploy that is judged; null when none is. */
  readonly deploy: string | null
  /** Second up to which x1 is counted. */
  readonly at: number
  /** Items known at the deploy: the hypotheses, but for one that unseen signatures share. */
  readonly known: number
  readonly judged: Readonly<Record<string, Judged>>
  readonly bad: Readonly<Record<string, Bad>>
}

export const regression = ruleType({
  kind: 'regression',
  doc: 'An error signature or a 5xx status comes at a higher rate since the deploy than before it.',
  example: 'type: regression\nfor_resolve: 15s',
  options: z.strictObject({
    for_resolve: duration.default(15_000),
    alpha: z.number().gt(0).max(0.5).default(0.05),
    min_events: z.int().min(1).default(5),
  }),
  refuses: {
    query: 'regression takes none: it judges every error signature and 5xx status by itself',
    by: 'regression takes none: it judges each service and environment, as deploys reach them',
  },
  create: (options): RuleInstance<unknown> => ({
    inputs: { queries: [], exact: false, history: true, paneMs: 1_000, windowMs: 3_600_000 },
    adds: ['signature', 'status'],
    summary: '{item} {change}',
    start: (): State => ({ deploy: null, at: 0, known: 0, judged: {}, bad: {} }),
    step: (state, inputs, at) => step(state as State, inputs, at, options),
  }),
})

function step(state: State, inputs: Inputs, at: number, options: Options): Step<State> {
  const { history, deploys } = inputs
  if (history === null || deploys === null) throw new Error('regression needs history and deploys')
  const second = Math.floor(at / 1_000)
  const deploy = deploys.inEffect(at - 1)
  const judging = deploy !== null && second <= startOf(deploy) + horizonSeconds
  // A deploy that was amended is looked at again from its start. While it is the same to this rule,
  // what is counted already must not be counted twice.
  if (judging && state.deploy === nameOf(deploy) && second < state.at) {
    return { state, observations: [], wakeAt: (state.at + 1) * 1_000, idle: false }
  }
  const observations: Observation[] = []
  const bad = new Map(Object.entries(state.bad))
  const next = judging
    ? judge(state, history, deploy, deploys.before(deploy), second)
    : { deploy: null, known: 0, judged: new Map<string, Judged>() }
  recover(bad, next.judged, history, second, options, observations)
  // What is found at the very second of the next push is still the doing of this one.
  const since = judging && deploys.inEffect(at)?.id !== deploy.id ? { since: at - 1 } : {}
  for (const found of find(next, bad, history, second, options)) {
    observations.push({ ...found, ...since })
  }
  const busy = judging || bad.size > 0
  return {
    state: {
      ...next,
      at: second,
      judged: Object.fromEntries(next.judged),
      bad: Object.fromEntries(bad),
    },
    observations,
    // In the second after its start, when a first event can be judged.
    wakeAt: busy ? at + 1_000 : afterStart(deploys.nextStart(at - 1)),
    // How far this scope was judged is remembered, or its old deploys would be judged once more.
    idle: false,
  }
}

function afterStart(start: number | null): number | null {
  return start === null ? null : start + 1_000
}

/** Observes the items that are back at their baseline and takes them out of `bad`; evidence against
 *  them starts anew. */
function recover(
  bad: Map<string, Bad>,
  judged: Map<string, Judged>,
  history: History,
  second: number,
  options: Options,
  observations: Observation[],
): void {
  for (const [key, item] of bad) {
    const worse = isWorse(item, key, history, second)
    if (worse === null) continue
    const wellSince = worse ? null : (item.wellSince ?? second)
    if (wellSince === null || second - wellSince < options.for_resolve / 1_000) {
      if (wellSince !== item.wellSince) bad.set(key, { ...item, wellSince })
      continue
    }
    bad.delete(key)
    const again = judged.get(key)
    if (again !== undefined) judged.set(key, { ...again, x1: 0, since: second })
    const resolved = observe(key, item, 0, second)
    observations.push({ ...resolved, holds: false, since: wellSince * 1_000 })
  }
}

/** Whether the present rate is significantly above the baseline; null when there is nothing to
 *  judge by yet, or no traffic. */
function isWorse(item: Bad, key: string, history: History, second: number): boolean | null {
  const wanted = Math.ceil(windowEvents / item.rate)
  const window = Math.min(windowSecondsMax, Math.max(windowSecondsMin, wanted))
  if (second - window < item.from) return null
  const exposure = history.exposure(second - window, second)
  if (exposure === 0) return null
  const count = history.sum(key, second - window, second) / item.phi
  return returnTail(count, exposure, item.x0 / item.phi, item.t0) < resolveTail
}

/** What is known of the deploy in effect. */
interface Judging {
  readonly deploy: string | null
  readonly known: number
  readonly judged: Map<string, Judged>
}

/** Brings the counts since the deploy up to date. */
function judge(
  state: State,
  history: History,
  deploy: Deploy,
  previous: Deploy | null,
  second: number,
): Judging {
  const start = startOf(deploy)
  const same = state.deploy === nameOf(deploy)
  const judged = new Map(same ? Object.entries(state.judged) : [])
  const from = same ? state.at : start
  const baseline = baselineFrom(start, previous && startOf(previous), history.since)
  const look = lookBefore(history, baseline, start)
  for (const key of history.keys()) {
    if (!isJudged(key)) continue
    const more = history.sum(key, from, second)
    if (more === 0) continue
    const before = judged.get(key) ?? look(key)
    judged.set(key, { ...before, x1: before.x1 + more })
  }
  const known = same ? state.known : knownBefore(history, start)
  return { deploy: nameOf(deploy), known, judged }
}

/** Items with an event in the hour before a deploy: what is looked at, whatever the events after. */
function knownBefore(history: History, start: number): number {
  const from = start - horizonSeconds
  return [...history.keys()].filter((key) => isJudged(key) && history.sum(key, from, start) > 0)
    .length
}

function lookBefore(history: History, baseline: number, start: number): (key: string) => Judged {
  const t0 = history.exposure(baseline, start)
  const tens = (key: string): number[] => history.tens(key, baseline, start)
  let pooled: number | null = null
  return (key) => {
    const x0 = history.sum(key, baseline, start)
    const item = { x0, t0, phi: 1, x1: 0, since: start }
    if (!isTested(key, item)) return item
    if (x0 >= pooledBelow) return { ...item, phi: pooledDispersion([tens(key)]) }
    pooled ??= pooledDispersion([...history.keys()].filter(isJudged).map(tens))
    return { ...item, phi: pooled }
  }
}

/** The items that e-BH rejects and that are not known to be bad yet; puts them into `bad`. */
function find(
  { known, judged }: Judging,
  bad: Map<string, Bad>,
  history: History,
  second: number,
  options: Options,
): readonly Observation[] {
  const candidates = [...judged].filter(([key, item]) => item.x1 > 0 && isTested(key, item))
  const exposures = new Map<number, number>()
  const exposure = (from: number): number => {
    const sum = exposures.get(from) ?? history.exposure(from, second)
    exposures.set(from, sum)
    return sum
  }
  const evidence = candidates.map(
    ([, item]) => logEvidence({ ...item, t1: exposure(item.since) }).worse,
  )
  const rejected = eBenjaminiHochberg(evidence, known + 1, options.alpha)
  const found: Observation[] = []
  for (const [index, [key, item]] of candidates.entries()) {
    if (!rejected.has(index) || bad.has(key) || item.x1 < options.min_events) continue
    const rate = item.x1 / Math.max(1, second - item.since)
    bad.set(key, { ...item, rate, from: second, wellSince: null })
    found.push(observe(key, item, exposure(item.since), second))
  }
  return found
}

/** Signatures without a past belong to new_signature. */
function isTested(key: string, item: Judged): boolean {
  return item.t0 > 0 && (item.x0 > 0 || itemOf(key).kind === 'status')
}

function isJudged(key: string): boolean {
  const { kind, id } = itemOf(key)
  return kind === 'signature' || (kind === 'status' && id.startsWith('5'))
}

function observe(key: string, item: Judged, t1: number, second: number): Observation {
  const { kind, id } = itemOf(key)
  const ratio = item.x0 === 0 || t1 === 0 ? null : item.x1 / t1 / (item.x0 / item.t0)
  return {
    at: second * 1_000,
    holds: true,
    value: ratio === null ? null : Math.round(ratio * 100) / 100,
    threshold: null,
    labels: { [kind]: id },
    facts: {
      item: kind === 'status' ? `HTTP ${id}` : id,
      change: changeText(item, ratio),
      before: String(item.x0),
      after: String(item.x1),
    },
  }
}

/** What follows the item in a sentence. "Just before" is the baseline: what was earlier is unknown. */
function changeText({ x0, x1 }: Judged, ratio: number | null): string {
  if (ratio !== null) return `comes ${ratio.toFixed(1)} times as often as before the push`
  const times = x1 === 1 ? 'once' : `${x1} times`
  return x0 === 0
    ? `has come ${times}, and not once just before the push`
    : `has come ${times} since the push`
}

/** A deploy whose start was amended is another one to this rule. */
function nameOf(deploy: Deploy): string {
  return `${deploy.id} ${deploy.start}`
}

function startOf(deploy: Deploy): number {
  return Math.floor(Date.parse(deploy.start) / 1_000)
}
