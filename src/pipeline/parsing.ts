/** Step 2 of a line's way: tells the format of a partition from its first lines, and parses each
 *  batch, or completes what another thread has found in it. */
import { ColumnRoom, type Columns } from '../model/columns.ts'
import type { Batch } from '../model/event.ts'
import { detectParser } from '../parsers/detect.ts'
import type { Parser, Scanned } from '../parsers/parser.ts'
import type { SourceSettings } from '../sources/settings.ts'
import type { PartitionState } from './partition.ts'

/** Lines looked at to tell a format. */
const detectBytes = 64 * 1_024

/** Told which parser was chosen for a partition, and from how many lines. */
export type OnDetected = (partition: string, parser: string, matched: number, of: number) => void

export class Parsing {
  readonly #parsers: readonly Parser[]
  readonly #byName: ReadonlyMap<string, Parser>
  readonly #onDetected: OnDetected | undefined
  readonly #room = new ColumnRoom()

  constructor(parsers: readonly Parser[], onDetected: OnDetected | undefined) {
    this.#parsers = parsers
    this.#byName = new Map(parsers.map((parser) => [parser.name, parser]))
    this.#onDetected = onDetected
  }

  /** The parser of a partition and the zone it reads times in; null while its format is unknown. */
  known(
    partition: PartitionState | null,
    { parser: named, zone }: SourceSettings,
  ): { readonly parser: Parser; readonly zone: string } | null {
    const parser = this.#byName.get(named ?? partition?.parser ?? '')
    return parser === undefined ? null : { parser, zone }
  }

  /** @returns Columns that are valid until the next batch is parsed. */
  parse(
    batch: Batch,
    partition: PartitionState,
    source: SourceSettings,
    scanned: Scanned | null,
  ): { readonly parser: Parser; readonly columns: Columns } {
    const parser = this.#parserOf(partition, source, batch)
    const context = { zone: source.zone, open: partition.open !== null, room: this.#room }
    const scanner = scanned === null ? null : (parser.scanner?.() ?? null)
    const columns =
      scanned === null || scanner === null
        ? parser.parse(batch.bytes, context)
        : scanner.columns(batch.bytes, scanned, context)
    return { parser, columns }
  }

  #parserOf(partition: PartitionState, source: SourceSettings, batch: Batch): Parser {
    const known = this.known(partition, source)
    if (known !== null) {
      partition.parser = known.parser.name
      return known.parser
    }
    const head = batch.bytes.subarray(0, detectBytes)
    const found = detectParser(head, this.#parsers)
    partition.parser = found.parser.name
    this.#onDetected?.(batch.partition, found.parser.name, found.matched, found.of)
    return found.parser
  }
}
