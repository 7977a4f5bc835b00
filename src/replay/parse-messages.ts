/** What the main thread and its parsing threads say to each other. Batches lie in memory that both see;
 *  a request hands it over, its answer gives it back. */
import type { Scanned } from '../parsers/parser.ts'

export interface ParseWorkerOptions {
  /** Name of each parser → the file of its definition. */
  readonly parserFiles: ReadonlyMap<string, string>
}

export interface ParseRequest {
  /** Number of the memory. */
  readonly slot: number
  readonly parser: string
  /** The memory itself, with the first request that names it. */
  readonly memory: WebAssembly.Memory | null
  /** Bytes of the batch. */
  readonly length: number
  /** IANA zone of times that name none. */
  readonly zone: string
}

export interface ParseAnswer {
  readonly slot: number
  /** null when the batch has too many lines. */
  readonly found: Pick<Scanned, 'rows' | 'unsure'> | null
}
