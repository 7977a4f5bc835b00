/** Hands the batches of all partitions to the pipeline in the order of their times, whichever reader
 *  is ahead, and lets other threads parse them meanwhile. */
import type { Batch } from '../model/event.ts'
import type { Scanned } from '../parsers/parser.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Source } from '../sources/source.ts'
import type { Ahead, ParseAhead } from './parse-ahead.ts'

interface Offered {
  readonly batch: Batch
  scanned: Scanned | null
  /** False while another thread parses it. */
  ready: boolean
  /** Its memory is free again. */
  readonly taken: () => void
}

export interface TimeMergeParts {
  readonly pipeline: Pipeline
  readonly readers: readonly Source[]
  /** null: everything is parsed where it is counted. */
  readonly ahead: ParseAhead | null
  /** Called after each batch that the pipeline has taken. */
  readonly onTaken: () => void
}

/** Takes the batch of the partition whose time lies furthest back, once every reader has opened what
 *  it reads and every open partition has offered a batch. */
export class TimeMerge {
  readonly #parts: TimeMergeParts
  readonly #open = new Map<string, Offered[]>()
  /** Partitions of which nothing more will be offered. */
  readonly #closing = new Set<string>()
  /** Readers that have neither opened a partition nor ended. A reader opens all that it will read
   *  before it offers anything. */
  readonly #silent: Set<Source>
  /** Partitions that wait for a thread. */
  readonly #waiting = new Map<string, AbortController>()
  #whenDrained: () => void = () => {}

  constructor(parts: TimeMergeParts) {
    this.#parts = parts
    this.#silent = new Set(parts.readers)
  }

  open(partition: string, reader: Source): void {
    this.#silent.delete(reader)
    this.#closing.delete(partition)
    if (!this.#open.has(partition)) this.#open.set(partition, [])
  }

  /** A reader has come to its end, perhaps without having found anything. */
  ended(reader: Source): void {
    this.#silent.delete(reader)
    this.#takeAll()
  }

  /** Nothing more will be offered of a partition; what was, is still to be taken. */
  close(partition: string): void {
    this.#closing.add(partition)
    this.#takeAll()
  }

  /** Resolves when the memory of the batch is no longer needed: when it was taken, or when it was
   *  copied for the thread that parses it. */
  async offer(batch: Batch): Promise<void> {
    const queue = this.#open.get(batch.partition) ?? []
    this.#open.set(batch.partition, queue)
    const handed = await this.#handOver(batch, queue)
    if (handed === null) {
      return new Promise((taken) => {
        queue.push({ batch, scanned: null, ready: true, taken })
        this.#takeAll()
      })
    }
    const { bytes, found } = handed
    const offered: Offered = { batch: { ...batch, bytes }, scanned: null, ready: false, taken: () => handed.release() } // prettier-ignore
    queue.push(offered)
    void found.then((scanned) => {
      offered.scanned = scanned
      offered.ready = true
      this.#takeAll()
    })
  }

  /** A partition without a batch holds up all others, and they may hold all threads: it does not wait
   *  for one, and stops waiting when its last batch is taken. */
  async #handOver(batch: Batch, queue: readonly Offered[]): Promise<Ahead | null> {
    const { ahead, pipeline } = this.#parts
    const known = ahead === null ? null : pipeline.parserFor(batch)
    if (ahead === null || known === null) return null
    const waiting = new AbortController()
    if (queue.length > 0) this.#waiting.set(batch.partition, waiting)
    const signal = queue.length > 0 ? waiting.signal : null
    const handed = await ahead.take(batch.bytes, known.parser, known.zone, signal)
    this.#waiting.delete(batch.partition)
    return handed
  }

  /** Resolves when every batch that was offered has been taken. Readers must have ended. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenDrained = resolve
      this.#takeAll()
    })
  }

  #takeAll(): void {
    for (let next = this.#next(); next !== null; next = this.#next()) {
      this.#parts.pipeline.ingest(next.batch, next.scanned)
      this.#parts.onTaken()
      next.taken()
      const left = this.#open.get(next.batch.partition)?.length ?? 0
      if (left === 0) this.#waiting.get(next.batch.partition)?.abort()
    }
    if ([...this.#open.values()].every((queue) => queue.length === 0)) this.#whenDrained()
  }

  /** Removes and gives the batch whose turn it is; null while one has to be waited for. */
  #next(): Offered | null {
    if (this.#silent.size > 0) return null
    let furthestBack: Offered[] | null = null
    let least = Infinity
    for (const [partition, queue] of this.#open) {
      if (queue.length === 0) {
        if (!this.#closing.has(partition)) return null
        this.#open.delete(partition)
        this.#closing.delete(partition)
        this.#parts.pipeline.closed(partition)
        continue
      }
      const newest = this.#parts.pipeline.newest(partition)
      if (furthestBack === null || newest < least) {
        furthestBack = queue
        least = newest
      }
    }
    if (furthestBack?.[0]?.ready !== true) return null
    return furthestBack.shift() ?? null
  }
}
