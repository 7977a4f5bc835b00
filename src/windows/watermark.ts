/** Watermarks: how far event time has certainly advanced, per partition and per scope.
 *  Lateness is judged line by line against the earlier lines of the same partition, so it does not
 *  depend on how lines were cut into batches. What a rule does when a pane is passed is not decided
 *  here. */

/** A live partition whose lines lie further behind their arrival than this no longer holds others
 *  back; alerts then say `incomplete`. One that has no others to hold back decides alone. */
export const holdbackMaxMs = 60_000

/** Time beyond this between two ticks was time in which nothing could be read: the process was
 *  stopped, or the clock was set. It makes no partition idle. */
const tickGapMaxMs = 500

/** How old a line may be when a source first sees it, by no fault of the log, ms: a quiet file is
 *  looked at once a second, and most logs round their times down to the second. */
const seenAfterMs = 2_000

/** The scope of series that span services or environments: every partition feeds it. */
export const anyScope = '*'

interface PartitionMark {
  readonly source: string
  readonly latenessMs: number
  /** Scopes its lines belong to; null when any scope may still come of it. */
  readonly scopes: Set<string> | null
  /** Newest event time, ms; -Infinity before the first event. */
  newest: number
  /** Wall time of the last line, or of the opening. */
  lastArrivalMs: number
  /** Nothing was read yet, or the last batch was full: the reader is catching up, so distance from
   *  the present is no fault. */
  catchingUp: boolean
  /** Watermark set by the clock while the partition is idle. */
  idleMark: number
  closed: boolean
  /** Wall time since which it cannot be read; null while it can. */
  awaySinceMs: number | null
}

export interface PartitionOptions {
  readonly source: string
  readonly latenessMs: number
  /** Scope key of its lines, or null when they may belong to any. */
  readonly scope: string | null
  /** Newest event time of an earlier run, when resumed. */
  readonly newest?: number
}

/** All partitions of one engine. */
export class Watermarks {
  readonly #partitions = new Map<string, PartitionMark>()
  /** Per scope, so that a watermark never goes back when a partition joins. */
  readonly #reached = new Map<string, number>()
  /** Wall time of the last tick; of the first partition before it. */
  #tickedMs = Infinity

  /** Adds a partition, or reopens it; until its first line it holds its scope back. */
  open(partition: string, options: PartitionOptions, nowMs: number): void {
    const known = this.#partitions.get(partition)
    if (known !== undefined) {
      known.closed = false
      return
    }
    if (this.#tickedMs === Infinity) this.#tickedMs = nowMs
    this.#partitions.set(partition, {
      source: options.source,
      latenessMs: options.latenessMs,
      scopes: options.scope === null ? null : new Set([options.scope]),
      newest: options.newest ?? -Infinity,
      lastArrivalMs: nowMs,
      catchingUp: true,
      idleMark: -Infinity,
      closed: false,
      awaySinceMs: null,
    })
  }

  /** Says whether a partition can be read at present. While it cannot, the clock does not advance
   *  it: what is written meanwhile is still to come. It is excluded as one that lags. */
  readable(partition: string, is: boolean, nowMs: number): void {
    const mark = this.#mark(partition)
    if (is === (mark.awaySinceMs === null)) return
    mark.awaySinceMs = is ? null : nowMs
    if (!is) return
    mark.lastArrivalMs = nowMs
    mark.catchingUp = true
  }

  close(partition: string): void {
    const mark = this.#partitions.get(partition)
    if (mark !== undefined) mark.closed = true
  }

  /** How far a partition has come: an event further back than `newest - latenessMs` is late. */
  progress(partition: string): { readonly newest: number; readonly latenessMs: number } {
    return this.#mark(partition)
  }

  /** Notes the newest event time of a partition, ms; it never goes back. */
  moveTo(partition: string, newest: number): void {
    const mark = this.#mark(partition)
    if (newest > mark.newest) mark.newest = newest
  }

  /** Notes that lines of a partition belong to a scope beside its own. */
  feed(partition: string, scope: string): void {
    this.#mark(partition).scopes?.add(scope)
  }

  /** Notes the arrival of a batch. One that was read before the clock was set on must not make its
   *  partition seem silent for as long as that. */
  arrived(partition: string, nowMs: number, catchingUp: boolean): void {
    const mark = this.#mark(partition)
    mark.lastArrivalMs = Math.max(mark.lastArrivalMs, nowMs)
    mark.catchingUp = catchingUp
  }

  newest(partition: string): number {
    return this.#mark(partition).newest
  }

  /** Lets the clock advance partitions without a line: what is read from now on happened at most
   *  its lateness, and the time until it was seen, ago. */
  tick(nowMs: number): void {
    const lostMs = Math.max(0, nowMs - this.#tickedMs - tickGapMaxMs)
    this.#tickedMs = nowMs
    for (const mark of this.#partitions.values()) {
      if (mark.awaySinceMs !== null) continue
      mark.lastArrivalMs = Math.min(nowMs, mark.lastArrivalMs + lostMs)
      const behindMs = mark.latenessMs + seenAfterMs
      if (nowMs - mark.lastArrivalMs >= behindMs) mark.idleMark = nowMs - behindMs
    }
  }

  /** Watermark of a scope: the least of the partitions that may feed it.
   *  @param nowMs Wall time; partitions that hold others back by more than `holdbackMaxMs` are left
   *    out, and where every partition is closed the clock alone goes on. null in a replay, where
   *    every partition counts. */
  of(scope: string, nowMs: number | null): number {
    const ahead = nowMs === null ? null : this.#ahead(scope, nowMs)
    let least = Infinity
    let idle = -Infinity
    for (const mark of this.#partitions.values()) {
      if (!feeds(mark, scope) || isExcluded(mark, ahead)) continue
      least = Math.min(least, levelOf(mark))
      idle = Math.max(idle, mark.idleMark)
    }
    if (least === Infinity) least = idle
    const reached = Math.max(this.reached(scope), least)
    this.#reached.set(scope, reached)
    return reached
  }

  /** Sources left out of a scope's watermark at this moment. */
  incomplete(scope: string, nowMs: number | null): readonly string[] {
    const ahead = nowMs === null ? null : this.#ahead(scope, nowMs)
    const names = [...this.#partitions.values()]
      .filter((mark) => feeds(mark, scope) && isExcluded(mark, ahead))
      .map((mark) => mark.source)
    return [...new Set(names)].sort()
  }

  /** Where the others are: the furthest level of a scope's open partitions, at most the present. */
  #ahead(scope: string, nowMs: number): Ahead {
    let level = -Infinity
    for (const mark of this.#partitions.values()) {
      if (!mark.closed && feeds(mark, scope)) level = Math.max(level, levelOf(mark))
    }
    return { nowMs, level }
  }

  /** After everything is read: a scope has reached its newest event time, not infinity. */
  finish(scope: string): number {
    let newest = this.#reached.get(scope) ?? -Infinity
    for (const mark of this.#partitions.values()) {
      if (feeds(mark, scope)) newest = Math.max(newest, mark.newest)
    }
    this.#reached.set(scope, newest)
    return newest
  }

  /** What a scope has reached so far. */
  reached(scope: string): number {
    return this.#reached.get(scope) ?? -Infinity
  }

  restore(scope: string, reached: number): void {
    this.#reached.set(scope, reached)
  }

  #mark(partition: string): PartitionMark {
    const mark = this.#partitions.get(partition)
    if (mark === undefined) throw new Error(`partition ${partition} was never opened`)
    return mark
  }
}

function feeds(mark: PartitionMark, scope: string): boolean {
  return mark.scopes === null || scope === anyScope || mark.scopes.has(scope)
}

/** A closed partition has told everything it ever will. */
function levelOf(mark: PartitionMark): number {
  if (mark.closed) return Infinity
  return Math.max(mark.newest - mark.latenessMs, mark.idleMark)
}

/** What a partition that lags is held against. */
interface Ahead {
  readonly nowMs: number
  readonly level: number
}

function isExcluded(mark: PartitionMark, ahead: Ahead | null): boolean {
  if (ahead === null) return false
  if (mark.awaySinceMs !== null) {
    return ahead.nowMs - mark.awaySinceMs > holdbackMaxMs && levelOf(mark) < ahead.level
  }
  if (mark.catchingUp || mark.newest === -Infinity) return false
  return levelOf(mark) < Math.min(ahead.nowMs - mark.latenessMs, ahead.level) - holdbackMaxMs
}
