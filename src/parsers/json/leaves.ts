/** The leaves of one line, as positions and numbers: what reader.ts finds and row-writer.ts puts into
 *  columns once the whole line has been read. */
import type { LeafName } from './shapes.ts'

/** Leaves taken of one line; further ones are checked and ignored. */
export const leavesMax = 1_024

/** What the bytes of a leaf are: its very text, a string with escapes, a number whose text is the one
 *  that it gets when it is written, or a number that is written otherwise. */
export const leafKind = { text: 0, escaped: 1, number: 2, otherNumber: 3 } as const

export class Leaves {
  count = 0
  /** Indexes of those that stand for a field of ours, and how many of them there are. */
  readonly ours = new Int32Array(leavesMax)
  oursCount = 0
  readonly names = new Array<LeafName | null>(leavesMax).fill(null)
  readonly kinds = new Uint8Array(leavesMax)
  readonly starts = new Int32Array(leavesMax)
  readonly ends = new Int32Array(leavesMax)
  readonly numbers = new Float64Array(leavesMax)

  clear(): void {
    this.count = 0
    this.oursCount = 0
  }

  add(name: LeafName, kind: number, start: number, end: number, number: number): void {
    const index = this.count
    if (index >= leavesMax) return
    this.count = index + 1
    this.names[index] = name
    this.kinds[index] = kind
    this.starts[index] = start
    this.ends[index] = end
    this.numbers[index] = number
    if (name.field !== null) this.ours[this.oursCount++] = index
  }

  isNumber(index: number): boolean {
    return this.kinds[index]! >= leafKind.number
  }

  /** The value as a string or number of its own. */
  value(index: number, bytes: Buffer): string | number {
    if (this.isNumber(index)) return this.numbers[index]!
    const text = bytes.toString('utf8', this.starts[index], this.ends[index])
    return this.kinds[index] === leafKind.escaped ? (JSON.parse(`"${text}"`) as string) : text
  }
}
