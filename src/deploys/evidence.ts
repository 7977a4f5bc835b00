/** How sure we are that a rate has changed: the statistics of verdicts and of the regression rule.
 *  Pure functions of counts and exposures; what is counted and when is left to the callers.
 *
 *  The evidence is an e-process, a bet that pays 1 on average while nothing changes, so that it may
 *  be looked at after every event without growing false alarms (Ville: P(ever >= 20) <= 1/20).
 *  Counts are divided by a dispersion φ since logs come in bursts. Both the flat prior on the rate
 *  and φ are approximations. Share of simulated hours without a change that ever reach E = 20,
 *  looked at after each event, against the hour before: 0.9 % at 0.1 events a minute, 2.5 % at 1,
 *  3.5 % at 10, 3.2 % at 50; in bursts of 5 with φ, 2.6 % at 5 and 3.1 % at 20. */
import { betaQuantile, incompleteBeta } from './beta.ts'

/** Ratios of the rates that are bet on, each with the same stake. */
const ratios = [1.25, 1.5, 2, 3, 5, 10, 30] as const

/** e^700 is the largest E that is shown; JSON has no infinity. */
const logShownMax = 700

interface Counts {
  /** Events before, and the seconds or requests that they came in. */
  readonly x0: number
  readonly t0: number
  /** The same after. */
  readonly x1: number
  readonly t1: number
  /** Dispersion, >= 1; counts are divided by it. Default 1. */
  readonly phi?: number
}

/**
 * Natural logarithms of E that the rate after is higher, and that it is lower, than before.
 * R(θ) = θ^x1 · ((t0+t1)/(t0+θ·t1))^n is the predictive likelihood ratio of the rates' ratio θ
 * against 1 under a flat prior on the rate before; n = x0+1+x1 for `worse`, the mean of R over
 * θ in {1.25, 1.5, 2, 3, 5, 10, 30}; n = max(x0-1, 0)+x1 for `better`, the mean over 1/θ.
 * Without exposure on one side there is no evidence: both are 0.
 */
export function logEvidence(counts: Counts): { worse: number; better: number } {
  const { t0, t1, phi = 1 } = counts
  if (!(t0 > 0) || !(t1 > 0)) return { worse: 0, better: 0 }
  const x0 = counts.x0 / phi
  const x1 = counts.x1 / phi
  // (t0+θ·t1)/(t0+t1) = 1 + (θ-1)·share: log1p keeps the digits that a huge count multiplies.
  const share = t1 / (t0 + t1)
  const log = (ratio: number, n: number) =>
    x1 * Math.log(ratio) - n * Math.log1p((ratio - 1) * share)
  return {
    worse: logMeanExp(ratios.map((ratio) => log(ratio, x0 + 1 + x1))),
    better: logMeanExp(ratios.map((ratio) => log(1 / ratio, Math.max(x0 - 1, 0) + x1))),
  }
}

/** E for people and JSON: finite, at most e^700. */
export function evidenceOf(logE: number): number {
  return Math.exp(Math.min(logE, logShownMax))
}

/** φ = max(1, variance / mean) of counts in equal stretches (10 s), zeros among them. The variance
 *  has n - 1 below it. 1 where fewer than two counts or no events tell nothing. */
export function dispersion(counts: readonly number[]): number {
  return pooledDispersion([counts])
}

/** One φ for many series, for those that are too rare to have one of their own: the sum of their
 *  variances over the sum of their means. Each series is taken about its own mean, so that series
 *  of different rates do not look like bursts. */
export function pooledDispersion(series: readonly (readonly number[])[]): number {
  let variances = 0
  let means = 0
  for (const counts of series) {
    if (counts.length < 2) continue
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0)
    variances += squares / (counts.length - 1)
    means += mean
  }
  return means > 0 ? Math.max(1, variances / means) : 1
}

/**
 * e-BH: which of many hypotheses may be called changed so that at most a share `alpha` of those
 * calls is wrong on average. Rejects the k largest E for the greatest k with E_(k) >= K/(k·α).
 * Wang and Ramdas, "False discovery rate control with e-values", JRSS B 84 (2022).
 * @param logE Natural logarithms of E.
 * @param K Hypotheses in all, also those whose E is not among `logE`.
 * @returns Indices into `logE`.
 */
export function eBenjaminiHochberg(
  logE: readonly number[],
  K: number,
  alpha = 0.05,
): ReadonlySet<number> {
  const order = logE.map((value, index) => ({ value, index })).sort((a, b) => b.value - a.value)
  let rejected = 0
  for (const [at, { value }] of order.entries()) {
    const k = at + 1
    if (value >= Math.log(Math.max(K, logE.length) / (k * alpha)) - 1e-12) rejected = k
  }
  return new Set(order.slice(0, rejected).map(({ index }) => index))
}

/** Both counts above this: the normal approximation is exact to four digits, and quick. */
const exactMax = 100_000

/**
 * 95 % interval of (rate after) / (rate before). Given x0 + x1 events in all, x1 is binomial with
 * p = ρ·t1/(t0+ρ·t1); Clopper and Pearson's interval of p (Biometrika 26, 1934) becomes one of ρ.
 * Counts may be fractions (divided by φ). Above 100,000 on both sides: ln ρ ± 1.96·√(1/x0+1/x1).
 * @returns null when x0 is 0 (no upper end) or an exposure is.
 */
export function rateInterval(
  x0: number,
  t0: number,
  x1: number,
  t1: number,
): readonly [number, number] | null {
  if (!(x0 > 0) || !(t0 > 0) || !(t1 > 0)) return null
  const scale = t0 / t1
  if (Math.min(x0, x1) > exactMax) {
    const ratio = (x1 / x0) * scale
    const spread = Math.exp(1.959964 * Math.sqrt(1 / x0 + 1 / x1))
    return [ratio / spread, ratio * spread]
  }
  const low = x1 > 0 ? betaQuantile(0.025, x1, x0 + 1) : 0
  const high = betaQuantile(0.975, x1 + 1, x0)
  return [(low / (1 - low)) * scale, (high / (1 - high)) * scale]
}

/**
 * P(X >= x) for the events X of an exposure t, where x0 came in t0 before: negative binomial, the
 * prediction of a Poisson rate under a flat prior. Small: still worse than before.
 * Counts may be fractions. 1 when x is 0 or there is no exposure before to compare with.
 */
export function returnTail(x: number, t: number, x0: number, t0: number): number {
  if (x <= 0 || !(t0 > 0)) return 1
  if (!(t > 0)) return 0
  return incompleteBeta(t / (t0 + t), x, x0 + 1)
}

/** ln of the mean of e^v, without overflow. */
function logMeanExp(values: readonly number[]): number {
  const top = Math.max(...values)
  const sum = values.reduce((total, value) => total + Math.exp(value - top), 0)
  return top + Math.log(sum / values.length)
}
