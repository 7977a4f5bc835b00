/** Rules in any number, as a large installation has them, and batches of parsed lines to run them
 *  over. Ten kinds in turn, so that ten rules and a thousand are the same mixture: pages that are
 *  watched for errors, whole sections, patterns in paths and agents, clients, phrases, statuses. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { rowKind, type Columns } from '../src/model/columns.ts'
import { buildParser, readDefinition } from '../src/parsers/definition.ts'

/** Bytes that a source hands over at once. */
const batchBytes = 262_144

export interface ParsedBatch {
  readonly columns: Columns
  /** Rows that are events. */
  readonly rows: Int32Array
}

/** Queries of so many rules over a log; some are about pages that are asked for. */
export function queriesOf(count: number, columns: Columns): string[] {
  const paths = distinct(columns, 'path').filter((path) => /^\/[\w/.-]+$/.test(path))
  const clients = distinct(columns, 'client')
  const of = (list: readonly string[], n: number): string => list[(n * 37) % list.length] ?? ''
  return Array.from({ length: count }, (_, n) => {
    const path = of(paths, n)
    switch (n % 10) {
      case 0:
        return `path:${path} AND status:[500 TO 599]`
      case 1:
        return `path:${path} AND method:GET`
      case 2:
        return `path:/shop/${n}/*`
      case 3:
        return `path:${path}* AND status:[500 TO 599] AND NOT method:HEAD`
      case 4:
        return `path:*/probe-${n}.php`
      case 5:
        return `agent:*scanner-${n}*`
      case 6:
        return `client:${of(clients, n)} AND status:404`
      case 7:
        return `"attack number ${n}"`
      case 8:
        return `path:*${n}*.cgi OR agent:*harvest${n}*`
      default:
        return `status:${430 + (n % 60)} AND bytes:>${n * 1_000}`
    }
  })
}

/** Rule files' text, one a query. */
export function ruleTexts(queries: readonly string[]): string[] {
  return queries.map((query, n) =>
    [
      `name: rule-${n}`,
      'type: frequency',
      `query: ${JSON.stringify(query)}`,
      'num_events: 50',
      'timeframe: 1m',
      "summary: '{value} within {window}'",
      'tests: []',
      '',
    ].join('\n'),
  )
}

/** The log in parsed batches, as sources cut them. */
export function parsedBatches(path: string, batchesMax = Infinity): ParsedBatch[] {
  const folder = fileURLToPath(new URL('../parsers/', import.meta.url))
  const file = `${folder}apache_combined.yaml`
  const parser = buildParser(readDefinition(parse(readFileSync(file, 'utf8')), file), file)
  const bytes = readFileSync(path)
  const batches: ParsedBatch[] = []
  for (let from = 0; from < bytes.length && batches.length < batchesMax;) {
    const cut = bytes.lastIndexOf(10, Math.min(from + batchBytes, bytes.length) - 1) + 1
    const columns = parser.parse(bytes.subarray(from, cut), { zone: 'UTC', open: false })
    const rows = Int32Array.from({ length: columns.rows }, (_, row) => row)
    batches.push({ columns, rows: rows.filter((row) => columns.kind[row] === rowKind.event) })
    from = cut
  }
  return batches
}

function distinct({ fields, rows }: Columns, field: string): string[] {
  const column = fields.get(field)
  const values = new Set(Array.from({ length: rows }, (_, row) => column?.text(row) ?? '/'))
  return [...values]
}
