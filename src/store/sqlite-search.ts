/** Search over the SQLite event index: candidates from its indexes, in slices, and the exact decision
 *  on each document. The thread is given back every few milliseconds, so that a search does not hold
 *  up the lines that come in; one that takes too long answers with what it has found and where to go on. */
import type Database from 'better-sqlite3'
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Clock } from '../flow/time.ts'
import type { EventOrder } from '../model/event.ts'
import { matchEvents } from '../query/match-event.ts'
import { searched } from './event-values.ts'
import type { EventDocument, EventSearch, FoundEvents } from './events.ts'
import { Found } from './found.ts'
import {
  rowCondition,
  signatureCondition,
  wordsExpression,
  type Condition,
} from './sqlite-query.ts'

/** Rows read at once. */
const sliceRows = 500
/** Events with rare words are looked up one by one; more than this many are none. */
const candidatesMax = 5_000
/** Rows looked at after the answer is full, to count the rest. */
const countedRowsMax = 25_000
/** How long the thread is held at a stretch, ms. */
const turnMsMax = 10
/** How long one answer may take, ms; what runs at the same time is part of it. */
const searchMsMax = 2_000

interface Key extends EventOrder {
  readonly number: number
}

/** Gives the next rows in order, at most `sliceRows`, after those that were given before. */
type Slices = () => readonly Key[]

/** Runs one search. The connection is used between its slices by others as well. */
export async function searchSqlite(
  db: Database.Database,
  search: EventSearch,
  clock: Clock,
): Promise<FoundEvents> {
  const next = slicesOf(db, search)
  const documents = documentReader(db, rowCondition(search.query))
  const matches = matchEvents(search.query)
  const found = new Found(search)
  const until = clock.monotonic() + searchMsMax
  const pause = pausing(clock)
  let surplusRows = 0
  for (;;) {
    const keys = next()
    let last: EventOrder | undefined
    for (const document of keys.length === 0 ? [] : documents(keys)) {
      const event = JSON.parse(document) as EventDocument
      if (matches(searched(event))) found.add(event, document.length)
      last = event
      if (clock.monotonic() > until) return found.answer(last)
      const turn = pause()
      if (turn !== undefined) await turn
    }
    if (keys.length < sliceRows) return found.answer(null)
    last = keys.at(-1)
    if (found.full) surplusRows += keys.length
    const counting = found.counts && surplusRows < countedRowsMax
    if ((found.full && found.surplus && !counting) || clock.monotonic() > until) {
      return found.answer(last ?? null)
    }
    await pause()
  }
}

/** Gives the thread back when it was held for long enough. */
function pausing(clock: Clock): () => Promise<void> | undefined {
  let end = clock.monotonic() + turnMsMax
  return () => {
    if (clock.monotonic() <= end) return undefined
    return othersTurn().then(() => {
      end = clock.monotonic() + turnMsMax
    })
  }
}

const newestFirst = 'ORDER BY time DESC, partition DESC, position DESC'

/** Rare words are looked up in the text index; all else walks along the order of events. */
function slicesOf(db: Database.Database, search: EventSearch): Slices {
  const expression = wordsExpression(search.query)
  const rare = expression === null ? null : rareRows(db, expression)
  const parts = rangeOf(search)
  const signature = signatureCondition(search.query)
  if (signature !== null) parts.push(signature)
  if (rare !== null) {
    parts.push({
      sql: 'number IN (SELECT value FROM json_each(?))',
      values: [JSON.stringify(rare)],
    })
    const keys = keysWhere(db, parts, candidatesMax)
    return () => keys.splice(0, sliceRows)
  }
  let after: EventOrder | undefined
  return () => {
    const all = after === undefined ? parts : [...parts, beforeOf(after)]
    const keys = keysWhere(db, all, sliceRows)
    after = keys.at(-1)
    return keys
  }
}

/** Numbers of the events that an expression finds; null when they are too many. */
function rareRows(db: Database.Database, expression: string): number[] | null {
  const numbers = db
    .prepare<[string, number], number>(
      'SELECT rowid FROM event_words WHERE event_words MATCH ? LIMIT ?',
    )
    .pluck()
    .all(expression, candidatesMax + 1)
  return numbers.length > candidatesMax ? null : numbers
}

function rangeOf({ from, to, before }: EventSearch): Condition[] {
  const parts: Condition[] = []
  if (from !== undefined) parts.push({ sql: 'time >= ?', values: [from] })
  if (to !== undefined) parts.push({ sql: 'time < ?', values: [to] })
  if (before !== undefined) parts.push(beforeOf(before))
  return parts
}

function beforeOf({ time, partition, position }: EventOrder): Condition {
  return { sql: '(time, partition, position) < (?, ?, ?)', values: [time, partition, position] }
}

function keysWhere(db: Database.Database, parts: readonly Condition[], limit: number): Key[] {
  const where = parts.length === 0 ? '' : `WHERE ${parts.map(({ sql }) => sql).join(' AND ')}`
  const values = parts.flatMap((part) => part.values)
  return db
    .prepare<unknown[], Key>(
      `SELECT number, time, partition, position FROM event ${where} ${newestFirst} LIMIT ?`,
    )
    .all(...values, limit)
}

/** Reads the documents of a slice in order, as far as the condition lets them through. */
function documentReader(
  db: Database.Database,
  condition: Condition | null,
): (keys: readonly Key[]) => string[] {
  const narrowed = condition === null ? '' : `AND (${condition.sql})`
  const statement = db
    .prepare<unknown[], string>(
      `SELECT document FROM event
       WHERE number IN (SELECT value FROM json_each(?)) ${narrowed} ${newestFirst}`,
    )
    .pluck()
  return (keys) =>
    statement.all(JSON.stringify(keys.map(({ number }) => number)), ...(condition?.values ?? []))
}
