/** What a deploy did to each signature, status and level: counts before and after → classes.
 *  Counting is left to the caller, the choice of stretches to baseline.ts, the statistics to
 *  evidence.ts. Pure in event times: the same counts give the same verdict.
 *
 *  Signatures, levels down to warn and 4xx and 5xx statuses are *judged*. Other statuses, other
 *  levels and the number of requests are only *described*, since more or fewer of them is no fault:
 *  they are `same` when the ratio is known to lie within a factor of two, else `undecided`. */
import { isoTime } from '../flow/time.ts'
import { itemKey } from '../windows/history.ts'
import type { Deploy } from '../model/deploy.ts'
import type {
  ItemKind,
  Stretch,
  UndecidedReason,
  Verdict,
  VerdictClass,
  VerdictItem,
  VerdictSource,
} from '../model/verdict.ts'
import { judgedSeconds } from './baseline.ts'
import {
  dispersion,
  eBenjaminiHochberg,
  evidenceOf,
  logEvidence,
  pooledDispersion,
  rateInterval,
} from './evidence.ts'

/** Events before that give a series a variance of its own; rarer ones take the pooled one. */
const ownDispersionMin = 20
/** Occurrences below which a signature without a past is only `seen once`. */
const newCountMin = 2
/** The 95 % interval of the ratio lies within these: the same. */
const sameRatio = [0.5, 2] as const
/** Until so much later, or so many requests, a verdict is early. */
const earlyMs = 120_000
const earlyRequests = 100
const judgedLevels: ReadonlySet<string> = new Set(['emerg', 'alert', 'crit', 'error', 'warn'])

/** One item of the scope with its counts; every series known at the deploy must be given, for their
 *  number is what a single one's evidence is held against. */
export interface VerdictSeries {
  readonly kind: ItemKind
  /** Signature group, status code, level; '' for requests. */
  readonly id: string
  readonly template: string | null
  readonly sample: string | null
  /** Event time of its first event ever, ms; null when unknown. */
  readonly firstSeen: number | null
  readonly before: Stretch
  readonly after: Stretch
  /** Counts per 10 s of the baseline, zeros included. */
  readonly tens: readonly number[]
  /** Names of the sources it comes from; absent: any of the scope's. */
  readonly sources?: readonly string[]
}

export interface VerdictInput {
  /** null: no deploy is known. */
  readonly deploy: Deploy | null
  /** Event time up to which `after` counts, ms. */
  readonly at: number
  /** Start of the deploy that took over, ms; null while this one is in effect. */
  readonly supersededAt: number | null
  readonly series: readonly VerdictSeries[]
  readonly sources: readonly VerdictSource[]
  /** itemKey(kind, id) of items with a firing alert whose deploy is an earlier one: their baseline
   *  is not a healthy one. */
  readonly inherited: ReadonlySet<string>
}

/** A series with the evidence of its own. */
interface Tested {
  readonly series: VerdictSeries
  readonly phi: number
  readonly worse: number
  readonly better: number
  /** No event before the deploy. */
  readonly unseen: boolean
}

/** Which of its hypotheses were rejected, and on what evidence (ln E). */
interface Decided extends Tested {
  readonly isWorse: boolean
  readonly isBetter: boolean
  readonly logE: number
}

/**
 * Builds the verdict. Hypotheses are corrected together by e-BH, `worse` and `better` each for
 * itself; K counts the judged series, all signatures without a past as one, whose evidence is that
 * of their summed counts. Classes:
 * - `new`: no event before the deploy, and its hypothesis was rejected; a signature also needs two
 *   occurrences, one is `seen once`.
 * - `worse`, `better`, `fixed`: rejected; `fixed` is `better` with no event since.
 * - `same`: the 95 % interval of the ratio of the rates lies within [0.5, 2].
 * - `undecided`: `inherited`, `blind` (none of its sources can be read; a silent one can), `too
 *   early`, `seen once`; without a reason for a described item that has changed.
 * `inherited` yields to `fixed` and `better`, for that is how a fix shows; `blind` yields to `new`
 * and `worse`, which were seen before the source was lost.
 *
 * State: `final` once the next deploy took over or an hour has passed; before, `early` for two
 * minutes or until 100 requests; else `open`. Items are sorted by surprise.
 */
export function buildVerdict(input: VerdictInput): Verdict {
  const { deploy, sources } = input
  if (deploy === null) return { deploy, state: 'open', sources, items: [] }
  const start = Date.parse(deploy.start)
  const judged = decide(input.series.filter(isJudged), start)
  const described = input.series.filter((series) => !isJudged(series))
  const items = [
    ...judged.map((decided) => itemOf(decided, classOf(decided, input))),
    ...described.map((series) => describe(series, isBlind(series, sources))),
  ]
  return { deploy, state: stateOf(input, start), sources, items: items.sort(bySurprise) }
}

function stateOf(input: VerdictInput, start: number): Verdict['state'] {
  const age = input.at - start
  if (age >= judgedSeconds * 1_000) return 'final'
  if (input.supersededAt !== null && input.supersededAt <= input.at) return 'final'
  const requests = input.series.find(({ kind }) => kind === 'requests')?.after.count ?? 0
  return age < earlyMs && requests < earlyRequests ? 'early' : 'open'
}

function isJudged({ kind, id }: VerdictSeries): boolean {
  switch (kind) {
    case 'signature':
      return true
    case 'status':
      return id.startsWith('4') || id.startsWith('5')
    case 'level':
      return judgedLevels.has(id)
    case 'requests':
      return false
  }
}

function decide(series: readonly VerdictSeries[], start: number): Decided[] {
  const pooled = pooledDispersion(series.map(({ tens }) => tens))
  const tested = series.map((each) => test(each, pooled, start))
  const isFresh = (each: Tested) => each.unseen && each.series.kind === 'signature'
  const fresh = tested.filter(isFresh)
  const known = tested.filter((each) => !isFresh(each))
  const shared = sharedEvidence(fresh, pooled)
  const hypotheses = known.length + 1
  const worse = eBenjaminiHochberg([...known.map((each) => each.worse), shared], hypotheses)
  const better = eBenjaminiHochberg(
    known.map((each) => each.better),
    hypotheses,
  )
  return [
    ...known.map((each, index) => {
      const isWorse = worse.has(index)
      const isBetter = !isWorse && better.has(index)
      const logE = isWorse ? each.worse : isBetter ? each.better : Math.max(each.worse, each.better)
      return { ...each, isWorse, isBetter, logE }
    }),
    ...fresh.map((each) => {
      const isWorse = worse.has(known.length)
      return { ...each, isWorse, isBetter: false, logE: isWorse ? shared : each.worse }
    }),
  ]
}

function test(series: VerdictSeries, pooled: number, start: number): Tested {
  const { before, after, firstSeen } = series
  const phi = before.count >= ownDispersionMin ? dispersion(series.tens) : pooled
  const evidence = logEvidence({
    ...{ x0: before.count, t0: before.exposure, phi },
    ...{ x1: after.count, t1: after.exposure },
  })
  const unseen = before.count === 0 && (firstSeen === null || firstSeen >= start)
  return { series, phi, ...evidence, unseen }
}

/** ln E of the one hypothesis that all signatures without a past share; -Infinity without any. */
function sharedEvidence(fresh: readonly Tested[], phi: number): number {
  const first = fresh[0]?.series
  if (first === undefined) return -Infinity
  const x1 = fresh.reduce((sum, { series }) => sum + series.after.count, 0)
  return logEvidence({ x0: 0, t0: first.before.exposure, x1, t1: first.after.exposure, phi }).worse
}

interface Class {
  readonly class: VerdictClass
  readonly reason: UndecidedReason | null
}

function classOf(decided: Decided, input: VerdictInput): Class {
  const { series, unseen, isWorse, isBetter } = decided
  const blind = isBlind(series, input.sources)
  if (isBetter && !blind)
    return { class: series.after.count === 0 ? 'fixed' : 'better', reason: null }
  if (input.inherited.has(itemKey(series.kind, series.id))) return undecided('inherited')
  const once = unseen && series.kind === 'signature' && series.after.count < newCountMin
  if (isWorse && !once) return { class: unseen ? 'new' : 'worse', reason: null }
  if (blind) return undecided('blind')
  if (once) return undecided('seen once')
  return isSame(intervalOf(series, decided.phi))
    ? { class: 'same', reason: null }
    : undecided('too early')
}

function undecided(reason: UndecidedReason | null): Class {
  return { class: 'undecided', reason }
}

function describe(series: VerdictSeries, blind: boolean): VerdictItem {
  const phi = dispersion(series.tens)
  const same = isSame(intervalOf(series, phi))
  const of = blind
    ? undecided('blind')
    : same
      ? ({ class: 'same', reason: null } as const)
      : undecided(null)
  return itemOf({ series, phi, logE: 0 }, of)
}

/** Unreadable, all of them; an idle source is read and has nothing to say, as after a fix. */
function isBlind(series: VerdictSeries, sources: readonly VerdictSource[]): boolean {
  const own = sources.filter(({ name }) => series.sources?.includes(name) ?? true)
  return own.length > 0 && own.every(({ state }) => state === 'blind')
}

function itemOf(decided: Pick<Decided, 'series' | 'phi' | 'logE'>, of: Class): VerdictItem {
  const { series, phi, logE } = decided
  const { kind, id, template, before, after, firstSeen, sample } = series
  const known = before.count > 0 && before.exposure > 0 && after.exposure > 0
  return {
    ...{ kind, id, template, ...of, before, after },
    ratio: known ? after.count / after.exposure / (before.count / before.exposure) : null,
    interval: intervalOf(series, phi),
    evidence: evidenceOf(logE),
    firstSeen: firstSeen === null ? null : isoTime(firstSeen),
    sample,
  }
}

function intervalOf({ before, after }: VerdictSeries, phi: number): VerdictItem['interval'] {
  return rateInterval(before.count / phi, before.exposure, after.count / phi, after.exposure)
}

function isSame(interval: VerdictItem['interval']): boolean {
  return interval !== null && interval[0] >= sameRatio[0] && interval[1] <= sameRatio[1]
}

const surprise: Readonly<Record<VerdictClass, number>> = {
  new: 0,
  worse: 1,
  fixed: 2,
  better: 3,
  undecided: 4,
  same: 5,
}

function bySurprise(a: VerdictItem, b: VerdictItem): number {
  if (a.class !== b.class) return surprise[a.class] - surprise[b.class]
  if (a.evidence !== b.evidence) return b.evidence - a.evidence
  if (a.after.count !== b.after.count) return b.after.count - a.after.count
  const keys = [itemKey(a.kind, a.id), itemKey(b.kind, b.id)] as const
  return keys[0] < keys[1] ? -1 : keys[0] > keys[1] ? 1 : 0
}
