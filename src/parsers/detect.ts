/** Which parser a file wants, judged by its first lines when the configuration names none. */
import assert from 'node:assert'
import { rowKind, type Columns } from '../model/columns.ts'
import type { Parser } from './parser.ts'

/** Lines that are looked at. */
const linesMax = 50

/** Order among equals: parsers of the user's go first, as they were written for these logs; then
 *  the narrower before the wider. */
const order = [
  'json', 'apache_combined', 'nginx_access', 'apache_common', 'apache_error', 'nginx_error',
  'php_error',
] // prettier-ignore

export interface Detection {
  readonly parser: Parser
  /** Lines that the parser takes, of the lines that are not empty. */
  readonly matched: number
  readonly of: number
}

/**
 * The parser that takes most of the first 50 lines; among equals the one that finds most fields.
 * When none takes half of them, `plain`.
 * @param firstLines The beginning of a file; a line that is cut at its end is not judged.
 * @param parsers All that may be chosen; `plain` is among them.
 */
export function detectParser(firstLines: Buffer, parsers: readonly Parser[]): Detection {
  const plain = parsers.find((parser) => parser.name === 'plain')
  assert(plain !== undefined, 'detection needs the parser "plain"')
  const bytes = headOf(firstLines)
  const of = score(plain, bytes).matched
  let best: Detection = { parser: plain, matched: of, of }
  let bestFields = -1
  for (const parser of parsers.toSorted((a, b) => rank(a) - rank(b))) {
    if (parser === plain) continue
    const { matched, fields } = score(parser, bytes)
    if (matched === 0 || matched * 2 < of) continue
    const better = best.parser === plain || matched > best.matched
    if (!better && (matched < best.matched || fields <= bestFields)) continue
    best = { parser, matched, of }
    bestFields = fields
  }
  return best
}

function rank(parser: Parser): number {
  return order.indexOf(parser.name)
}

function headOf(bytes: Buffer): Buffer {
  let end = 0
  for (let line = 0; line < linesMax; line++) {
    const newline = bytes.indexOf(10, end)
    if (newline < 0) return end === 0 ? bytes : bytes.subarray(0, end)
    end = newline + 1
  }
  return bytes.subarray(0, end)
}

/** Continuations count as taken, else a file of long stack traces would look like none; but a
 *  parser that finds no event takes nothing. */
function score(parser: Parser, bytes: Buffer): { matched: number; fields: number } {
  const columns = parser.parse(bytes, { zone: 'UTC', open: false })
  let events = 0
  let matched = 0
  let fields = 0
  for (let row = 0; row < columns.rows; row++) {
    if (columns.kind[row] === rowKind.unparsed) continue
    matched += 1
    if (columns.kind[row] !== rowKind.event) continue
    events += 1
    fields += fieldCount(columns, row)
  }
  return { matched: events === 0 ? 0 : matched, fields }
}

function fieldCount(columns: Columns, row: number): number {
  let count = 0
  for (const column of columns.fields.values()) if (column.has(row)) count += 1
  return count
}
