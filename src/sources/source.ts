/** The contract of a source: batches of whole lines with the position to resume from. */
import type { z } from 'zod'
import type { Clock } from '../flow/time.ts'
import type { Log } from '../flow/log.ts'
import type { Metrics } from '../flow/metrics.ts'
import type { Batch, Checkpoint } from '../model/event.ts'

/** How far a source is in one partition, at the moment of asking. */
export interface Reach {
  /** `open`: read lately; `quiet`: at its end and silent; `rotated`: its file has left its path and
   *  is read to its end; `absent`: there is nothing to read. */
  readonly state: 'open' | 'quiet' | 'rotated' | 'absent'
  /** Where the next line begins: the byte in its file, or the offset in the topic; null when there
   *  is nothing to read. */
  readonly position: number | null
  /** What is there and not read yet, bytes; null where the source cannot know. */
  readonly behindBytes: number | null
  /** Since the end was last reached, ms; 0 there; null where the source cannot know. */
  readonly behindMs: number | null
}

/** What a running source is given. */
export interface SourceContext {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Committed checkpoints by partition; empty on a first start. */
  readonly checkpoints: ReadonlyMap<string, Checkpoint>
  /** A partition was found; it holds the watermark back until it is closed. Idempotent. */
  opened(partition: string): void
  /** Nothing more will come of a partition. */
  closed(partition: string): void
  /** Says whether an opened partition can be read at present, as it can until told otherwise. While
   *  it cannot, its silence does not mean that nothing was written. */
  readable(partition: string, is: boolean): void
  /** Resolves when the pipeline has taken the batch: at most one batch a partition is in flight.
   *  Its bytes belong to the pipeline until then; after it the source may put others there. */
  emit(batch: Batch): Promise<void>
  /** The store that commits what is emitted: 16 hex digits; '' where nothing is committed. */
  readonly storeId: string
  /** Asks to be told of each commit. Who asks again is told instead of whom was asked before. */
  onCommit(told: (committed: Committed) => void): void
  /** Something is wrong that an operator should see in `status`; null clears it. */
  fault(partition: string, message: string | null): void
  /** Folder of the daemon's own files, which no source may read; undefined where there is none. */
  readonly ownDir?: string | undefined
  /** Reads to the present end, then returns, instead of following. */
  readonly once: boolean
  /** Aborted when the daemon stops; `run` then returns within one poll. */
  readonly signal: AbortSignal
}

/** What one commit holds of sources. */
export interface Committed {
  /** How many commits the store has had, this one included. */
  readonly number: number
  /** Partition → where to resume, of all sources. */
  readonly checkpoints: ReadonlyMap<string, Checkpoint>
}

/** One configured source. */
export interface Source {
  readonly name: string
  run(context: SourceContext): Promise<void>
  /** How far each partition is; absent in kinds that cannot tell. Never rejects. */
  reach?(): Promise<ReadonlyMap<string, Reach>>
}

/** A kind of source, as the registry lists it. */
export interface SourceType<Options> {
  readonly kind: string
  readonly doc: string
  /** YAML that a user can paste. */
  readonly example: string
  readonly options: z.ZodType<Options>
  create(name: string, options: Options): Source
}
