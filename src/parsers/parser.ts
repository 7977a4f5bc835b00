/** The contract of a parser: batch → columns. Kinds are declared in parsers/*.yaml and built by
 *  definition.ts; this file is what the pipeline sees. */
import type { Columns } from '../model/columns.ts'

/** What a parser is told besides the bytes. */
export interface ParseContext {
  /** IANA zone for times that name none. */
  readonly zone: string
  /** A multi-line event of this partition is open at the first line of the batch. */
  readonly open: boolean
}

/** A compiled parser; stateless, so one instance serves every partition. */
export interface Parser {
  readonly name: string
  /** False: no line of it can be a continuation, so no open head need be kept. */
  readonly multiline: boolean
  /** True when its lines carry requests (they have a status): the source counts as access log. */
  readonly access: boolean
  /**
   * Walks whole lines; LF alone ends a line, one CR before it is dropped.
   * @param bytes Lines, each ended by LF except possibly the last.
   * @returns One row per line, in order. Never throws on any bytes.
   */
  parse(bytes: Buffer, context: ParseContext): Columns
}
