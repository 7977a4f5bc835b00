/** Counts of the verdict series: requests, statuses and levels of each scope by second, and the sums
 *  over all events. Signatures are signing.ts. */
import { SpanColumn, WordColumn, type Column, type Columns } from '../model/columns.ts'
import { itemKey, requestsKey } from '../windows/history.ts'
import type { ItemPanes } from './item-panes.ts'
import type { Totals } from './partial.ts'
import type { RowScopes } from './scopes.ts'
import type { Timed } from './timing.ts'

/** Statuses that are counted without making a string of them. */
const plainStatusMax = 1_000

/** Adds the rows of a batch that have a status. */
export function countStatuses(
  columns: Columns,
  timed: Timed,
  { of }: RowScopes,
  panes: readonly ItemPanes[],
  totals: Totals,
): void {
  const column = columns.fields.get('status')
  if (column === undefined) return
  const number = numberReader(column)
  const ids = panes.map((each) => new StatusIds(each))
  const sums = new Uint32Array(plainStatusMax)
  const { rows } = timed
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    const status = number(row)
    if (Number.isNaN(status)) continue
    const into = ids[of === null ? 0 : of[row]!]!
    const second = Math.floor(timed.time[row]! / 1_000)
    into.add(status, second, timed.late[row]!)
    if (isPlain(status)) sums[status]! += 1
    else increment(totals.status, String(status), 1)
  }
  for (const each of ids) each.flush()
  for (let status = 0; status < plainStatusMax; status++) {
    const count = sums[status]!
    if (count > 0) increment(totals.status, String(status), count)
  }
}

/** Adds the rows of a batch that have a level. */
export function countLevels(
  columns: Columns,
  timed: Timed,
  { of }: RowScopes,
  panes: readonly ItemPanes[],
  totals: Totals,
): void {
  const column = columns.fields.get('level')
  if (column === undefined) return
  const words = column instanceof WordColumn ? column : null
  const counts = panes.map((each) => new LevelCounts(each))
  const { rows } = timed
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    const level = words === null ? column.text(row) : words.codes[row]!
    if (level === null || level === 0) continue
    const into = counts[of === null ? 0 : of[row]!]!
    into.add(level, Math.floor(timed.time[row]! / 1_000), timed.late[row]!, words)
  }
  for (const each of counts) each.done(totals)
}

/** Levels of one scope. Those of a column of words are found by their codes. */
class LevelCounts {
  readonly #panes: ItemPanes
  readonly #known = new Map<string | number, { level: string; id: number; events: number }>()

  constructor(panes: ItemPanes) {
    this.#panes = panes
  }

  /** @param level Its text, or its code in `words`. */
  add(level: string | number, second: number, late: number, words: WordColumn | null): void {
    const known = this.#known.get(level) ?? this.#make(level, words)
    known.events += 1
    this.#panes.add(known.id, second, 1 - late, late, 1 - late)
  }

  #make(level: string | number, words: WordColumn | null): { id: number; events: number } {
    const text = typeof level === 'string' ? level : (words?.words[level - 1] ?? '')
    const made = { level: text, id: this.#panes.id(itemKey('level', text)), events: 0 }
    this.#known.set(level, made)
    return made
  }

  done(totals: Totals): void {
    for (const { level, events } of this.#known.values()) increment(totals.level, level, events)
  }
}

/** Requests and statuses of one scope. Events of one second mostly come in a row, and so do those of
 *  one status in it: both are added once for the run. */
class StatusIds {
  readonly #panes: ItemPanes
  readonly #requests: number
  readonly #ids = new Int32Array(plainStatusMax).fill(-1)
  #second = NaN
  #count = 0
  #late = 0
  #status = NaN
  #statusCount = 0
  #statusLate = 0

  constructor(panes: ItemPanes) {
    this.#panes = panes
    this.#requests = panes.id(requestsKey)
  }

  add(status: number, second: number, late: number): void {
    if (second !== this.#second) {
      this.flush()
      this.#second = second
    } else if (status !== this.#status) this.#flushStatus()
    this.#status = status
    this.#statusCount += 1 - late
    this.#statusLate += late
    this.#count += 1 - late
    this.#late += late
  }

  #flushStatus(): void {
    const [count, late] = [this.#statusCount, this.#statusLate]
    if (count + late === 0) return
    this.#panes.add(this.#id(this.#status), this.#second, count, late, count)
    this.#statusCount = 0
    this.#statusLate = 0
  }

  flush(): void {
    this.#flushStatus()
    if (this.#count + this.#late === 0) return
    this.#panes.add(this.#requests, this.#second, this.#count, this.#late, this.#count)
    this.#count = 0
    this.#late = 0
  }

  #id(status: number): number {
    const known = isPlain(status) ? this.#ids[status]! : -1
    if (known >= 0) return known
    const id = this.#panes.id(itemKey('status', String(status)))
    if (isPlain(status)) this.#ids[status] = id
    return id
  }
}

function isPlain(status: number): boolean {
  return status >= 0 && status < plainStatusMax && Number.isInteger(status)
}

/** NaN where a row has no number. */
function numberReader(column: Column): (row: number) => number {
  if (column instanceof SpanColumn && column.numbers !== null) {
    const { numbers } = column
    return (row) => numbers[row]!
  }
  return (row) => column.number(row) ?? NaN
}

function increment(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}
