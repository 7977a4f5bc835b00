/** The leaves of a line → one row: its time, and the best of each field's names. */
import { Times, RecentTime } from '../compile/times.ts'
import { codeOf, LevelWords } from '../level-words.ts'
import { toLevel } from '../levels.ts'
import { epochMs } from '../time.ts'
import type { BatchMemory } from './batch-memory.ts'
import type { BatchColumns } from './leaf-columns.ts'
import { LevelColumn } from './leaf-columns.ts'
import { leafKind, type Leaves } from './leaves.ts'
import type { LeafName } from './shapes.ts'

let lines = 0

/** Writes the rows of one parser, batch by batch. */
export class RowWriter {
  readonly #leaves: Leaves
  readonly #recent = new RecentTime(new Times(['rfc3339', 'epoch']))
  readonly #levels = new LevelWords(toLevel)
  #memory: BatchMemory | null = null
  #columns: BatchColumns | null = null

  constructor(leaves: Leaves) {
    this.#leaves = leaves
  }

  /** @param zone IANA zone of times that name none. */
  begin(memory: BatchMemory, columns: BatchColumns, zone: string): void {
    this.#memory = memory
    this.#columns = columns
    this.#recent.inZone(zone)
  }

  /** Lets go of the batch. */
  end(): void {
    this.#memory = null
    this.#columns = null
  }

  /**
   * Writes the leaves of a line into a row, and its time, which is NaN where there is none.
   * @returns False when none of its times can be read, and then nothing is written.
   */
  write(row: number, times: Float64Array): boolean {
    if (!this.#putTime(row, times)) return false
    const leaves = this.#leaves
    const columns = this.#columns!
    if (leaves.oursCount < leaves.count) {
      for (let index = 0; index < leaves.count; index++) {
        const name = leaves.names[index]!
        if (name.field !== null) continue
        const column = columns.of(name)
        if (column !== null && !(column instanceof LevelColumn)) column.put(row, leaves, index)
      }
    }
    if (this.#isClear()) {
      for (let at = 0; at < leaves.oursCount; at++) this.#putBest(row, leaves.ours[at]!)
    } else this.#choose(row)
    return true
  }

  /** True when no field has two candidates. */
  #isClear(): boolean {
    const leaves = this.#leaves
    const line = ++lines
    let clear = true
    for (let at = 0; at < leaves.oursCount; at++) {
      const field = leaves.names[leaves.ours[at]!]!.field!
      if (field.met === line) clear = false
      field.met = line
    }
    return clear
  }

  /** The best readable time; one that cannot be read must not hide another that can. */
  #putTime(row: number, times: Float64Array): boolean {
    const { names, ours, oursCount } = this.#leaves
    let bestRank = Infinity
    let bad = false
    for (let at = oursCount - 1; at >= 0; at--) {
      const { field, rank } = names[ours[at]!]!
      if (!field!.isTime || rank >= bestRank) continue
      const time = this.#readTime(ours[at]!)
      if (Number.isNaN(time)) {
        bad = true
        continue
      }
      times[row] = time
      bestRank = rank
    }
    return bestRank < Infinity || !bad
  }

  #readTime(index: number): number {
    const leaves = this.#leaves
    if (leaves.isNumber(index)) return epochMs(leaves.numbers[index]!)
    const { bytes } = this.#memory!.text
    if (leaves.kinds[index] === leafKind.text) return this.#recent.read(bytes, leaves.starts[index]!, leaves.ends[index]!) // prettier-ignore
    const text = Buffer.from(leaves.value(index, bytes) as string)
    return this.#recent.read(text, 0, text.length)
  }

  /** The best leaf of a field that is worse than a rank, of one name the last, as JSON.parse has it;
   *  -1 when there is none. A field has few ranks. */
  #best(field: LeafName, worseThan: number): number {
    const { names, ours, oursCount } = this.#leaves
    let best = -1
    let bestRank = Infinity
    for (let at = 0; at < oursCount; at++) {
      const index = ours[at]!
      const name = names[index]!
      if (name.field !== field || name.rank <= worseThan || name.rank > bestRank) continue
      best = index
      bestRank = name.rank
    }
    return best
  }

  /** Sets each field from the best of its names; the others stay under their own names, unless that
   *  is a name of ours. */
  #choose(row: number): void {
    const { names, ours, oursCount } = this.#leaves
    for (let at = 0; at < oursCount; at++) {
      const field = names[ours[at]!]!.field!
      if (field.isTime || field.chosen === lines) continue
      field.chosen = lines
      let chosen = false
      for (let index = this.#best(field, -1); index >= 0;) {
        if (chosen) this.#putOwn(row, index)
        else chosen = this.#putBest(row, index)
        index = this.#best(field, names[index]!.rank)
      }
    }
  }

  /** Sets the field that a leaf stands for. @returns False when it is not of the field's type, and
   *  stays under its own name. */
  #putBest(row: number, index: number): boolean {
    const leaves = this.#leaves
    const field = leaves.names[index]!.field!
    if (field.isTime) return true
    if (field.isLevel) {
      const code = this.#levelCode(index)
      if (code === 0) {
        this.#putOwn(row, index)
        return false
      }
      const column = this.#columns!.of(field)
      if (column instanceof LevelColumn) column.putCode(row, code)
      return true
    }
    const column = this.#columns!.of(field)
    if (column !== null && !(column instanceof LevelColumn)) column.put(row, leaves, index)
    return true
  }

  #levelCode(index: number): number {
    const leaves = this.#leaves
    const { bytes } = this.#memory!.text
    return leaves.kinds[index] === leafKind.text
      ? this.#levels.code(bytes, leaves.starts[index]!, leaves.ends[index]!)
      : codeOf(toLevel(leaves.value(index, bytes)))
  }

  #putOwn(row: number, index: number): void {
    const leaves = this.#leaves
    const name = leaves.names[index]!
    if (name === name.field) return
    const column = this.#columns!.of(name)
    if (column !== null && !(column instanceof LevelColumn)) column.put(row, leaves, index)
  }
}
