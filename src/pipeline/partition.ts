/** What is kept of each partition between batches and committed with its checkpoint. */
import type { Checkpoint } from '../model/event.ts'
import type { Unparsed } from '../model/columns.ts'
import type { EventDocument } from '../store/events.ts'

/** Unparsed lines shown in `status`, per partition. */
export const unparsedSamplesMax = 5
/** Stack kept of one multi-line event, bytes. */
export const stackBytesMax = 65_536

/** The last event of the partition, to which continuation lines still belong. */
export interface OpenHead {
  readonly position: number
  /** The event as indexed so far; null when the store query did not choose it. */
  readonly document: EventDocument | null
}

/** Plain JSON; committed as the record `partition`. */
export interface PartitionState {
  /** Name of the source it came from last. */
  source: string
  readonly partition: string
  /** null until the first lines have been seen. */
  parser: string | null
  checkpoint: Checkpoint | null
  /** Newest event time, ms; null before the first. */
  newest: number | null
  /** Newest time that a line itself named, ms. */
  newestValid: number | null
  lines: number
  events: number
  continued: number
  unparsed: number
  late: number
  /** Lines whose time lay too far ahead and was replaced by their arrival. */
  clamped: number
  /** Lines cut at the line limit. */
  cut: number
  lastArrivalMs: number
  unparsedSamples: (Unparsed & { readonly line: string })[]
  /** How many lines were unparsed when the newest sample was taken. */
  sampledAt: number
  /** Scopes that its lines belonged to so far. */
  scopes: string[]
  /** The last event may still get continuation lines. */
  open: OpenHead | null
}

export function newPartition(source: string, partition: string): PartitionState {
  return {
    source,
    partition,
    parser: null,
    checkpoint: null,
    newest: null,
    newestValid: null,
    lines: 0,
    events: 0,
    continued: 0,
    unparsed: 0,
    late: 0,
    clamped: 0,
    cut: 0,
    lastArrivalMs: 0,
    unparsedSamples: [],
    sampledAt: 0,
    scopes: [],
    open: null,
  }
}
