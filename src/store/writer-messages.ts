/** What the main thread and a writer thread say to each other. Requests of one writer are
 *  answered in order, one answer each; every answer is one number. */
import type { ErrorCode } from '../model/errors.ts'
import type { EventDocument } from './events.ts'
import type { Commit, Dispatch } from './state.ts'

/** Which database a writer thread holds. */
export type WriterKind = 'state' | 'events'

/** Given to the thread when it starts. */
export interface WriterOptions {
  readonly kind: WriterKind
  /** The database file. */
  readonly path: string
}

/** One bounded part of compaction; answered by 1 when more is left to do, else 0. */
export interface CompactStep {
  /** ms since the epoch. */
  readonly now: number
  readonly keepMs: number
}

export type StateRequest =
  | { readonly op: 'commit'; readonly commit: Commit }
  | { readonly op: 'dispatch'; readonly dispatch: Dispatch }
  | { readonly op: 'dropBacklog'; readonly ids: readonly string[] }
  | { readonly op: 'compact'; readonly step: CompactStep }

export type EventRequest =
  | { readonly op: 'put'; readonly events: readonly EventDocument[] }
  /** Answered by how many were deleted, at most `limit`. */
  | { readonly op: 'purge'; readonly before: number; readonly limit: number }

/** One transaction each. */
export type WriteRequest = StateRequest | EventRequest

export type ControlRequest =
  /** Opens the file now, so that its faults show before the first write. */
  | { readonly op: 'open' }
  /** Answered by what `PRAGMA synchronous` reads on the writing connection. */
  | { readonly op: 'synchronous' }
  /** Closes the file; the thread ends after the answer. */
  | { readonly op: 'close' }

export interface WriterMessage {
  readonly id: number
  readonly request: WriteRequest | ControlRequest
}

export type WriterAnswer =
  | { readonly id: number; readonly ok: true; readonly result: number }
  | {
      readonly id: number
      readonly ok: false
      /** null: no operating error but a bug; the message holds its stack. */
      readonly code: ErrorCode | null
      readonly message: string
    }
