/** From counts per step, as the API gives them, to what the chart draws. */
import type { Rates } from '../server/view.ts'
import type { TimeRange } from './view-url.ts'

/** Points that one chart asks for, at most. */
export const pointsMax = 240

/** Counts of the last moments are still on their way from the log to the store; not drawn yet. */
export const settleMs = 2_000

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600] as const

/** Seconds per point: the finest round step that needs no more than `pointsMax` points. */
export function stepFor(range: TimeRange): number {
  const seconds = (range.toMs - range.fromMs) / 1_000
  return steps.find((step) => seconds / step <= pointsMax) ?? 3_600
}

/** What to ask for: the range widened to whole steps, without the step that is still filling. */
export function askedRange(range: TimeRange, stepSeconds: number, nowMs: number): TimeRange {
  const step = stepSeconds * 1_000
  const fromMs = Math.floor(range.fromMs / step) * step
  const end = Math.ceil(range.toMs / step) * step
  const settled = Math.floor((nowMs - settleMs) / step) * step
  return { fromMs, toMs: Math.max(fromMs + step, Math.min(end, settled)) }
}

/** Columns for the chart: times (epoch s) and rates (per s). */
export interface RateSeries {
  readonly times: readonly number[]
  readonly errors: readonly number[]
  readonly requests: readonly number[]
}

/** Divides by the step, and repeats the last rate at its step's end, so that a line shows it. */
export function toSeries(rates: Rates): RateSeries {
  const perSecond = (counts: readonly number[]) =>
    rates.times.map((_, index) => (counts[index] ?? 0) / rates.step)
  const series = {
    times: [...rates.times],
    errors: perSecond(rates.errors),
    requests: perSecond(rates.requests),
  }
  const last = series.times.length - 1
  if (last >= 0) {
    series.times.push((series.times[last] ?? 0) + rates.step)
    series.errors.push(series.errors[last] ?? 0)
    series.requests.push(series.requests[last] ?? 0)
  }
  return series
}

/** errors / requests in percent; null without requests, or when lines of other logs exceed them. */
export function errorPercent(errors: number, requests: number): number | null {
  return requests > 0 && errors <= requests ? (100 * errors) / requests : null
}

/** True when nothing at all was counted. */
export function isEmpty(rates: Rates): boolean {
  return rates.requests.every((count) => count === 0) && rates.errors.every((count) => count === 0)
}

/** Top of a scale: room above the highest value, and never so low that noise fills the chart. */
export function scaleTop(highest: number | null, headroom: number, least: number): number {
  return Math.max((highest ?? 0) * headroom, least)
}
