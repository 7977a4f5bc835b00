/** The contract of a parser: batch → columns. Kinds are declared in parsers/*.yaml and built by
 *  definition.ts; this file is what the pipeline sees. */
import type { ColumnRoom, Columns } from '../model/columns.ts'

/** What a parser is told besides the bytes. */
export interface ParseContext {
  /** IANA zone for times that name none. */
  readonly zone: string
  /** A multi-line event of this partition is open at the first line of the batch. */
  readonly open: boolean
  /** Where the columns may be put; in memory of their own when absent. */
  readonly room?: ColumnRoom
}

/** What runs most lines of a parser: the fastest form that its patterns and the engine allow. */
export type Form = 'wasm' | 'js' | 're2'

/** A place in a pattern, in UTF-16 units from its start, and what is to be said of it. */
export interface PatternNote {
  readonly at: number
  readonly text: string
}

/** What became of one declared pattern. */
export interface PatternForm {
  /** `patterns[0]`, or `continuation`. */
  readonly field: string
  readonly source: string
  /** Why only RE2 runs it; null when it is compiled. */
  readonly refusal: PatternNote | null
  /** Where it is slower than it could be. */
  readonly notes: readonly PatternNote[]
}

export interface ParserForm {
  readonly form: Form
  readonly patterns: readonly PatternForm[]
}

/** What a kernel found in a batch, by the numbers of its columns. */
export interface Scanned {
  readonly rows: number
  readonly kind: Uint8Array
  readonly positions: readonly Int32Array[]
  readonly numbers: readonly Float64Array[]
  /** Rows that the kernel is not sure of. */
  readonly unsure: number
}

/** Memory for one batch that two threads see. */
export interface SharedBatch {
  /** Handed to the other thread once. */
  readonly memory: WebAssembly.Memory
  /** Copies a batch in. @returns Where its bytes are; null when there is no room for it. */
  put(bytes: Buffer): Buffer | null
  /** The columns that the other thread has filled. */
  found(scanned: Pick<Scanned, 'rows' | 'unsure'>): Scanned
}

/** A parser in two steps, the first of which another thread may do ahead: it looks at nothing but the
 *  bytes and the zone. */
export interface Scanner {
  share(): SharedBatch
  /** The other thread's side: scans the batch that was put into the memory, so many bytes long; null
   *  when it has too many lines. */
  attach(
    memory: WebAssembly.Memory,
  ): (length: number, zone: string) => Pick<Scanned, 'rows' | 'unsure'> | null
  /** The second step: the same columns as `parse` gives. */
  columns(bytes: Buffer, scanned: Scanned, context: ParseContext): Columns
}

/** A compiled parser; stateless, so one instance serves every partition. */
export interface Parser {
  readonly name: string
  /** False: no line of it can be a continuation, so no open head need be kept. */
  readonly multiline: boolean
  /** True when its lines carry requests (they have a status): the source counts as access log. */
  readonly access: boolean
  /** The two steps of `parse`; null where its patterns run on RE2, absent where it has none. */
  readonly scanner?: () => Scanner | null
  /** How its patterns run; a parser that is built in has none. */
  readonly runs?: () => ParserForm
  /**
   * Walks whole lines; LF alone ends a line, one CR before it is dropped.
   * @param bytes Lines, each ended by LF except possibly the last.
   * @returns One row per line, in order. Never throws on any bytes.
   */
  parse(bytes: Buffer, context: ParseContext): Columns
}
