/** Partials: mergeable pieces of panes. What one batch adds to one series in one pane, and how two
 *  such pieces become one. Merging is associative and commutative, so batches may be cut anywhere
 *  and merged in any order. When a pane is complete is decided by watermark.ts, what it means by
 *  rules/. */
import { compareEvents, type EventOrder, type Sample } from '../model/event.ts'

/** Lines kept as evidence in each pane: the first in the total order of events. */
export const samplesMax = 5

/** Counts of one pane of one series. */
export interface Pane {
  /** Events per declared input, in the order of the rule's declaration. */
  readonly counts: number[]
  /** Event time (ms) → events at it, for rules that need exact times; null otherwise. Bounded by
   *  the clock's resolution: at most one entry a millisecond. */
  readonly times: Map<number, number> | null
  /** First events of the pane's first input, at most `samplesMax`, in event order. */
  readonly samples: Sample[]
}

/** A pane as it is stored: plain JSON. */
export interface StoredPane {
  readonly start: number
  readonly counts: readonly number[]
  readonly times: readonly (readonly [number, number])[] | null
  readonly samples: readonly Sample[]
}

export function emptyPane(inputs: number, exact: boolean): Pane {
  return {
    counts: new Array<number>(inputs).fill(0),
    times: exact ? new Map() : null,
    samples: [],
  }
}

/** Counts one event into one input of a pane. */
export function addEvent(pane: Pane, input: number, time: number): void {
  pane.counts[input] = (pane.counts[input] ?? 0) + 1
  if (input === 0 && pane.times !== null) pane.times.set(time, (pane.times.get(time) ?? 0) + 1)
}

/** True when an event at this place would be kept; ask before making a Sample. */
export function wantsSample(pane: Pane, order: EventOrder): boolean {
  if (pane.samples.length < samplesMax) return true
  const last = pane.samples[samplesMax - 1]
  return last !== undefined && compareEvents(order, last) < 0
}

/** Keeps a sample in event order, dropping the last one beyond the bound. */
export function addSample(pane: Pane, sample: Sample): void {
  let at = pane.samples.length
  while (at > 0 && compareEvents(sample, pane.samples[at - 1] ?? sample) < 0) at--
  if (at === pane.samples.length) pane.samples.push(sample)
  else pane.samples.splice(at, 0, sample)
  if (pane.samples.length > samplesMax) pane.samples.pop()
}

/** Adds `from` to `into`. */
export function mergePane(into: Pane, from: Pane): void {
  for (const [input, count] of from.counts.entries()) {
    into.counts[input] = (into.counts[input] ?? 0) + count
  }
  if (into.times !== null && from.times !== null) {
    for (const [time, count] of from.times)
      into.times.set(time, (into.times.get(time) ?? 0) + count)
  }
  for (const sample of from.samples) if (wantsSample(into, sample)) addSample(into, sample)
}

export function storePane(start: number, pane: Pane): StoredPane {
  return {
    start,
    counts: [...pane.counts],
    times: pane.times === null ? null : [...pane.times],
    samples: [...pane.samples],
  }
}

export function restorePane(stored: StoredPane): Pane {
  return {
    counts: [...stored.counts],
    times: stored.times === null ? null : new Map(stored.times.map(([time, n]) => [time, n])),
    samples: [...stored.samples],
  }
}
