/** Which of several deploys is to blame when they lie close together. An alert's SHA is the deploy
 *  in effect and is not decided here; the shares beside it say how sure that is. */
import { logGamma } from './beta.ts'
import { scopeOf } from '../model/scope.ts'
import { itemKey, type History } from '../windows/history.ts'
import { levels } from '../model/event.ts'
import { sameSha, type Deploy } from '../model/deploy.ts'
import type { Suspect } from '../model/alert.ts'
import type { DeployTracker } from './tracker.ts'

/** Deploys and counts further back are not looked at, s. */
const lookBackSeconds = 3_600
/** The newest candidates; 60 an hour are a busy day. */
const candidatesMax = 60

/**
 * Shares of suspicion: for each candidate the marginal likelihood that the rate rose at its start,
 * over the sum of all. Both rates, before and after, have a gamma prior with the weight of half an
 * event about the mean rate of the hour; a candidate at which the rate did not rise gets the
 * likelihood of one constant rate.
 * @param candidates Deploys of one scope; those that start in the hour up to `at` count.
 * @param counts Errors per second, by second since the epoch; seconds without any may be missing.
 * @param at Event time up to which counts are known, ms.
 * @param since Second from which on counts are known: a rate must not seem to have risen with the
 *   deploy that happened to come when the log began.
 * @returns By share, then newest first; one entry per SHA; shares sum to 1. Empty without
 *   candidates.
 */
export function suspectShares(
  candidates: readonly Deploy[],
  counts: ReadonlyMap<number, number>,
  at: number,
  since = -Infinity,
): Suspect[] {
  const end = Math.floor(at / 1_000) + 1
  const from = end - lookBackSeconds
  const known = Math.min(Math.max(from, since), end)
  const recent = candidates
    .filter(({ status }) => status !== 'failed')
    .map((deploy) => ({ sha: deploy.sha, start: Math.floor(Date.parse(deploy.start) / 1_000) }))
    .filter(({ start }) => start >= from && start < end)
    .sort((a, b) => b.start - a.start)
    .slice(0, candidatesMax)
  const seconds = [...counts].filter(([second]) => second >= from && second < end)
  const total = seconds.reduce((sum, [, count]) => sum + count, 0)
  const scores = recent.map(({ start }) => {
    const after = seconds.reduce((sum, [second, count]) => sum + (second >= start ? count : 0), 0)
    const split = Math.max(start, known)
    return logChange({ x0: total - after, t0: split - known, x1: after, t1: end - split })
  })
  const top = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - top))
  const sum = weights.reduce((all, weight) => all + weight, 0)
  const shares: { sha: string; share: number }[] = []
  for (const [index, { sha }] of recent.entries()) {
    const share = (weights[index] ?? 0) / sum
    const known = shares.find((other) => sameSha(other.sha, sha))
    if (known === undefined) shares.push({ sha, share })
    else known.share += share
  }
  return shares.sort((a, b) => b.share - a.share)
}

/**
 * The suspects of an onset from what the pipeline keeps: the deploys of the scope and its 5xx
 * statuses and levels from error up.
 * @param scope Key of model/scope.ts.
 * @param at Event time of the onset, ms.
 * @param until Second before which every count is complete; later ones are left out, since how many
 *   are known by now is chance.
 */
export function suspects(
  tracker: DeployTracker,
  history: History,
  scope: string,
  at: number,
  until = Infinity,
): Suspect[] {
  const { env, service } = scopeOf(scope)
  const candidates: Deploy[] = []
  let deploy = tracker.inEffect(at, env, service)
  while (deploy !== null && candidates.length < candidatesMax) {
    candidates.push(deploy)
    deploy = tracker.before(deploy)
  }
  const end = Math.floor(at / 1_000) + 1
  const counts = new Map<number, number>()
  for (const key of history.keys()) {
    if (!errorKeys.has(key) && !key.startsWith(serverErrors)) continue
    history.each(key, end - lookBackSeconds, Math.min(end, until), (second, count) => {
      counts.set(second, (counts.get(second) ?? 0) + count)
    })
  }
  return suspectShares(candidates, counts, at, history.since)
}

const serverErrors = itemKey('status', '5')
const errorKeys: ReadonlySet<string> = new Set(
  levels.slice(0, levels.indexOf('error') + 1).map((level) => itemKey('level', level)),
)

interface Split {
  readonly x0: number
  readonly t0: number
  readonly x1: number
  readonly t1: number
}

/** ln marginal likelihood of a rise at the split, without the part that all splits share. */
function logChange({ x0, t0, x1, t1 }: Split): number {
  const mean = (x0 + x1) / (t0 + t1)
  if (mean === 0 || t0 === 0 || x1 / t1 <= x0 / t0) return logMarginal(x0 + x1, t0 + t1, mean)
  return logMarginal(x0, t0, mean) + logMarginal(x1, t1, mean)
}

/** ln of the gamma-Poisson marginal likelihood of x events in t seconds, up to Π 1/xᵢ!, with shape
 *  1/2 and the given mean; 0 where there are no events at all. */
function logMarginal(x: number, t: number, mean: number): number {
  if (mean === 0) return 0
  const shape = 0.5
  const rate = shape / mean
  return (
    shape * Math.log(rate) -
    logGamma(shape) +
    logGamma(shape + x) -
    (shape + x) * Math.log(rate + t)
  )
}
