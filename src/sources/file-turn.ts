/** What a follower is given and what it gives back each time it has its turn: the seam between
 *  file.ts, which paces the followers of a source, and file-follower.ts. */
import type { Batch } from '../model/event.ts'
import type { Encoding } from './encoding.ts'
import type { FileOwners, OpenFiles } from './file-limits.ts'
import type { SourceContext } from './source.ts'

/** Pace of a file source, ms. Users do not see it; tests shorten it. */
export interface FileTiming {
  /** Between two looks at a file that grows. */
  readonly pollMs: number
  /** Between two looks at a quiet file, and between two expansions of the globs. */
  readonly quietMs: number
  /** How long a file that left its path must be silent before it counts as finished. */
  readonly rotateWaitMs: number
}

/** What a follower shares with the others of its source. */
export interface FollowerParts {
  readonly source: string
  readonly context: SourceContext
  readonly timing: FileTiming
  readonly owners: FileOwners
  readonly files: OpenFiles
  /** How the files are written. */
  readonly encoding: Encoding
  /** Silence after which a descriptor is closed, ms; Infinity: only when others need one. */
  readonly closeInactiveMs: number
  /** The follower of another path; undefined when nobody follows it. */
  readonly followerOf: (path: string) => Reserving | undefined
}

/** What came of one turn. */
export interface Turn {
  /** To be emitted in this order before the next turn. */
  readonly batches: readonly Batch[]
  /** False: nothing to read just now; the next turn is due in `delayMs`. */
  readonly more: boolean
  /** Nothing will ever come; only in a one-pass read. */
  readonly done: boolean
}

/** A follower, as far as others of its source may disturb it. */
export interface Reserving {
  /** Lays hold of the files put aside since the one it reads, before another path takes them. */
  reserveRest(): Promise<void>
}
