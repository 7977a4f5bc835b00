/** The parser that takes any line: its text is the message. Where no other parser fits. */
import { rowKind, SpanColumn } from '../model/columns.ts'
import { splitLines } from './lines.ts'
import type { Parser } from './parser.ts'

/** Events without a time of their own, and without a level. */
export function plainParser(name: string): Parser {
  return {
    name,
    multiline: false,
    access: false,
    parse: (bytes) => {
      const { rows, lineStart, lineEnd } = splitLines(bytes)
      const kind = new Uint8Array(rows).fill(rowKind.unparsed)
      const message = SpanColumn.empty(bytes, rows, false)
      for (let row = 0; row < rows; row++) {
        if (lineStart[row] === lineEnd[row]) continue
        kind[row] = rowKind.event
        message.start[row] = lineStart[row] ?? 0
        message.end[row] = lineEnd[row] ?? 0
      }
      return {
        bytes,
        rows,
        kind,
        lineStart,
        lineEnd,
        time: new Float64Array(rows).fill(NaN),
        fields: new Map([['message', message]]),
        unparsed: () => ({ reason: 'empty line', column: 1 }),
      }
    },
  }
}
