/** How the columns of a batch lie in one piece of memory, which need not be cleared before it is filled:
 *  numbers, then positions, then kinds, so that each begins where its size wants it. */
import type { Scanned } from '../parser.ts'
import type { Layout } from './layout.ts'

type Counts = Pick<Layout, 'positions' | 'numbers'>

/** Bytes that the columns of so many rows take. */
export function bytesFor(rows: number, { positions, numbers }: Counts): number {
  return rows * (numbers * 8 + positions * 4 + 1)
}

/** The columns as they lie in a piece of memory of at least `bytesFor` bytes. */
export function columnsIn(
  memory: ArrayBufferLike,
  rows: number,
  { positions, numbers }: Counts,
): Pick<Scanned, 'kind' | 'positions' | 'numbers'> {
  const ints = numbers * 8 * rows
  return {
    numbers: Array.from(
      { length: numbers },
      (_, at) => new Float64Array(memory, at * 8 * rows, rows),
    ),
    positions: Array.from(
      { length: positions },
      (_, at) => new Int32Array(memory, ints + at * 4 * rows, rows),
    ),
    kind: new Uint8Array(memory, ints + positions * 4 * rows, rows),
  }
}

/** Memory for so many rows of its own. */
export function ownColumns(rows: number, counts: Counts): ReturnType<typeof columnsIn> {
  return columnsIn(Buffer.allocUnsafeSlow(bytesFor(rows, counts)).buffer, rows, counts)
}
