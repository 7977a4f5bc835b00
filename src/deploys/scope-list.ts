/** Deploys of one scope in the order in which they took effect; the sorted list under tracker.ts. */
import type { Deploy } from '../model/deploy.ts'

/** One deploy as the tracker keeps it. */
export interface Entry {
  startMs: number
  /** As reported and merged, before anything is filled in. */
  report: Deploy
  /** With what its neighbours tell. */
  deploy: Deploy
  /** Ids by which it is found, its own first. */
  readonly ids: string[]
}

/** By start; at the same second a service's own deploy comes after one of the environment. */
export function compareEntries(a: Entry, b: Entry): number {
  if (a.startMs !== b.startMs) return a.startMs - b.startMs
  const wide = Number(a.report.service !== null) - Number(b.report.service !== null)
  if (wide !== 0) return wide
  return a.report.id < b.report.id ? -1 : a.report.id > b.report.id ? 1 : 0
}

/** Index of the first entry that starts after a time. */
export function upperBound(list: readonly Entry[], timeMs: number): number {
  return firstIndex(list, (entry) => entry.startMs > timeMs)
}

export function insertSorted(list: Entry[], entry: Entry): void {
  list.splice(
    firstIndex(list, (other) => compareEntries(other, entry) > 0),
    0,
    entry,
  )
}

/** The newest entry that took effect up to a time; failed ones never did. */
export function inEffectAt(list: readonly Entry[] | undefined, timeMs: number): Entry | null {
  return list === undefined ? null : working(list, upperBound(list, timeMs) - 1, -1)
}

/** The first entry that takes effect after a time. */
export function firstAfter(list: readonly Entry[] | undefined, timeMs: number): Entry | null {
  return list === undefined ? null : working(list, upperBound(list, timeMs), 1)
}

/** The working entries next to one, in the order of `compareEntries`; it need not be in the list. */
export function around(
  list: readonly Entry[] | undefined,
  entry: Entry,
): { readonly before: Entry | null; readonly next: Entry | null } {
  if (list === undefined) return { before: null, next: null }
  const from = firstIndex(list, (other) => compareEntries(other, entry) >= 0)
  const to = firstIndex(list, (other) => compareEntries(other, entry) > 0)
  return { before: working(list, from - 1, -1), next: working(list, to, 1) }
}

/** The nearest entry that did not fail, from an index on. */
function working(list: readonly Entry[], from: number, step: 1 | -1): Entry | null {
  let index = from
  while (list[index]?.report.status === 'failed') index += step
  return list[index] ?? null
}

/** The first index for which a monotone test holds. */
function firstIndex(list: readonly Entry[], holds: (entry: Entry) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const entry = list[middle]
    if (entry !== undefined && holds(entry)) high = middle
    else low = middle + 1
  }
  return low
}
